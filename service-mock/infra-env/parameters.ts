/** Reading and checking what users ask of an infra-env. Upstream: assisted-service, internal/bminventory/inventory.go, validateInfraEnvCreateParams and UpdateInfraEnvInternal. */

import { gzipSync } from 'node:zlib';
import { cpioArchive } from '../archive/cpio.ts';
import type { Core } from '../core/core.ts';
import type { ClusterRow, InfraEnvRow } from '../core/rows.ts';
import { objectsField, textField, withoutEmpty } from '../core/wire.ts';
import { parseIp } from '../network/networks.ts';
import type { JsonObject } from '../service-api.ts';
import { goJson } from '../validations/go-text.ts';
import { proxiesProblem } from '../validations/proxies.ts';
import { imagesOfService, pullSecretProblem } from '../validations/pull-secret.ts';
import { discoveryIgnition } from './discovery-ignition.ts';

/** Kernel arguments as rows store them, empty for none; undefined when they are not given. */
export function kernelArguments(body: JsonObject): string | undefined {
  const list = objectsField(body, 'kernel_arguments');
  return list && (list.length === 0 ? '' : goJson(list.map(withoutEmpty)));
}

/** Why arguments of the kernel cannot be; undefined when they can. */
export function kernelArgumentsProblem(body: JsonObject): string | undefined {
  const other = objectsField(body, 'kernel_arguments')?.find(({ operation }) => operation !== 'append');
  return other && `Only kernel argument operation append is supported.  Got ${textField(other, 'operation') ?? ''}`;
}

/** What is wrong with proxies; undefined for good ones, and for none. */
export function infraEnvProxiesProblem(proxy: JsonObject | undefined): string | undefined {
  if (!proxy) return undefined;
  const [http, https, no] = ['http_proxy', 'https_proxy', 'no_proxy'].map((field) => textField(proxy, field));
  return proxiesProblem({ http, https, no }, '');
}

/** What is wrong with a pull secret; undefined for a good one. */
export function secretProblem({ settings }: Core, secret: string): string | undefined {
  return pullSecretProblem(secret, imagesOfService(settings), settings.PUBLIC_CONTAINER_REGISTRIES);
}

/** Why an address cannot be that of the rendezvous host; undefined when it can, or none is given. */
export function rendezvousProblem(imageType: string, ip: string | undefined): string | undefined {
  if (!ip) return undefined;
  if (imageType !== 'disconnected-iso') return 'RendezvousIP is only supported for disconnected ISO infra-envs';
  return parseIp(ip) ? undefined : `Invalid rendezvous IP: ${ip} (must be a valid IPv4 or IPv6 address)`;
}

/** Why hosts of an architecture cannot be of a cluster; undefined when they can. Upstream: validateClusterArchitectureAndVersion. */
export function architectureProblem(
  { versions }: Core,
  cluster: ClusterRow | undefined,
  architecture: string,
  version: string,
): string | undefined {
  if (!cluster || cluster.cpuArchitecture === '') return undefined;
  if (cluster.cpuArchitecture !== 'multi') {
    if (cluster.cpuArchitecture === architecture) return undefined;
    return `Specified CPU architecture (${architecture}) doesn't match the cluster (${cluster.cpuArchitecture})`;
  }
  return versions.hostImageProblem(version || cluster.openshiftVersion, architecture);
}

/** Bytes that an image has room for. */
const IGNITION_ROOM = 256 * 1024;

/** Why the config of a discovery image does not fit into it; undefined when it does. Upstream: internal/cluster/validations/validations.go, ValidateIgnitionImageSize. */
export function ignitionSizeProblem(core: Core, infraEnv: InfraEnvRow): string | undefined {
  const text = discoveryIgnition(infraEnv, core);
  const { length } = gzipSync(cpioArchive([{ path: '/config.ign', text, mode: 0o100_644 }]));
  if (length <= IGNITION_ROOM) return undefined;
  const size = Math.trunc(length / 1024);
  return `The ignition archive size (${size} KiB) is over the maximum allowable size (${IGNITION_ROOM / 1024} KiB)`;
}
