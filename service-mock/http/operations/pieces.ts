/** What several operations have in common: who may call them, their parameters, and how these are read. */

import { OperationError } from '../../service-api.ts';
import type { Scheme } from '../authentication.ts';
import type { Parameter } from '../parameters.ts';
import type { Call } from './operation.ts';

export const USER: readonly Scheme[] = ['user'];
export const AGENT: readonly Scheme[] = ['agent'];
export const USER_OR_AGENT: readonly Scheme[] = ['user', 'agent'];
export const INFRA_ENV_READERS: readonly Scheme[] = ['user', 'agent', 'url', 'image', 'imageUrl'];

export const STRING: Parameter = { type: 'string' };
export const UUID: Parameter = { type: 'uuid' };
export const BOOLEAN: Parameter = { type: 'boolean' };
export const INTEGER: Parameter = { type: 'integer' };
export const oneOf = (...values: string[]): Parameter => ({ type: 'string', enum: values });
export const required = (parameter: Parameter): Parameter => ({ ...parameter, required: true });

export const CREDENTIAL_FILES = required(oneOf('kubeadmin-password', 'kubeconfig', 'kubeconfig-noingress'));
export const IPXE_SCRIPT_TYPE = oneOf('discovery-image-always', 'boot-order-control');
export const MANIFEST_FOLDER = oneOf('manifests', 'openshift');
export const PLATFORMS = oneOf('baremetal', 'none', 'nutanix', 'vsphere', 'external');
export const ARCHITECTURES = oneOf('x86_64', 'aarch64', 'arm64', 'ppc64le', 's390x', 'multi');

export const cluster = (call: Call) => call.params.cluster_id!;
export const infraEnv = (call: Call) => call.params.infra_env_id!;
export const host = (call: Call) => call.params.host_id!;
export const fileName = (call: Call) => call.query.file_name as string;
export const folder = (call: Call) => (call.query.folder as string | undefined) ?? 'manifests';
/** The parameters that were given, for methods that take them as one object. */
export const given = (query: Call['query']) =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));

export function notSimulated(): never {
  throw new OperationError(501, 'This operation is not part of the simulated service');
}
export function noObjectStore(): never {
  throw new OperationError(400, 'Failed to generate presigned URL: invalid backend');
}
