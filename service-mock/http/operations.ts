/**
 * Every operation of the service as data: route, who may call it, parameters, body, answer, and the method behind it.
 * Operations that the rules in `core/` have no method for answer the documented error or 501. Facts: service sheet,
 * section 1 and appendix A.
 */

import type { Claim } from '../auth/local-tokens.ts';
import {
  type AssistedServiceApi,
  type EventsQuery,
  type Json,
  type JsonObject,
  type LogsQuery,
  OperationError,
  type Rows,
} from '../service-api.ts';
import type { Scheme } from './authentication.ts';
import type { Parameter, ParameterValue } from './parameters.ts';
import * as bodies from './request-bodies.ts';
import type { Schema } from './schema.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What an operation is called with, everything already checked. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, ParameterValue | undefined>>;
  /** The decoded body; an empty object for operations without one. */
  readonly body: JsonObject;
  /** The decoded body of operations that take a JSON string. */
  readonly text: string;
  /** Header `discovery_agent_version`, empty when absent. */
  readonly agentVersion: string;
  /** Bytes of the uploaded file. */
  readonly uploaded: number;
  /** What the caller's token limits it to; null without a limit. */
  readonly claim: Claim | null;
}

/** A download. */
export interface FileAnswer {
  readonly name: string;
  readonly content: Buffer;
  /** RFC 3339 time for `Last-Modified`. */
  readonly modified?: string;
}

/** A list with headers of its own. */
export interface CountedList {
  readonly headers: Readonly<Record<string, string>>;
  readonly rows: Rows;
}

interface Shared {
  /** Operation ID of the service's published API. */
  readonly id: string;
  readonly method: Method;
  /** Path below the API base, with `{parameter}` for variable parts. */
  readonly template: string;
  /** Who may call, in the order of the published API. */
  readonly security: readonly Scheme[];
  readonly query?: Readonly<Record<string, Parameter>>;
  /** Name and schema of the JSON body; required unless said otherwise. */
  readonly body?: { readonly name: string; readonly schema: Schema; readonly optional?: boolean };
  /** Takes a file as multipart/form-data. */
  readonly upload?: boolean;
  readonly status: 200 | 201 | 202 | 204;
  /** Answers, business errors included, are typed as bytes; downloads always are. */
  readonly octets?: boolean;
}

export type Operation = Shared &
  (
    | { readonly answer: 'json'; run(api: AssistedServiceApi, call: Call): Json }
    | { readonly answer: 'list'; run(api: AssistedServiceApi, call: Call): Rows }
    | { readonly answer: 'counted-list'; run(api: AssistedServiceApi, call: Call): CountedList }
    | { readonly answer: 'empty'; run(api: AssistedServiceApi, call: Call): void }
    | { readonly answer: 'bytes'; run(api: AssistedServiceApi, call: Call): Buffer | null }
    | { readonly answer: 'file'; run(api: AssistedServiceApi, call: Call): FileAnswer }
  );

const USER: readonly Scheme[] = ['user'];
const AGENT: readonly Scheme[] = ['agent'];
const USER_OR_AGENT: readonly Scheme[] = ['user', 'agent'];
const INFRA_ENV_READERS: readonly Scheme[] = ['user', 'agent', 'url', 'image', 'imageUrl'];

const TEXT: Parameter = { type: 'text' };
const UUID: Parameter = { type: 'uuid' };
const FLAG: Parameter = { type: 'flag' };
const INTEGER: Parameter = { type: 'integer' };
const oneOf = (...values: string[]): Parameter => ({ type: 'text', enum: values });
const required = (parameter: Parameter): Parameter => ({ ...parameter, required: true });

const CREDENTIAL_FILES = required(oneOf('kubeadmin-password', 'kubeconfig', 'kubeconfig-noingress'));
const IPXE_SCRIPT_TYPE = oneOf('discovery-image-always', 'boot-order-control');
const MANIFEST_FOLDER = oneOf('manifests', 'openshift');
const PLATFORMS = oneOf('baremetal', 'none', 'nutanix', 'vsphere', 'external');
const ARCHITECTURES = oneOf('x86_64', 'aarch64', 'arm64', 'ppc64le', 's390x', 'multi');

const cluster = (call: Call) => call.params.cluster_id!;
const infraEnv = (call: Call) => call.params.infra_env_id!;
const host = (call: Call) => call.params.host_id!;
const fileName = (call: Call) => call.query.file_name as string;
const folder = (call: Call) => (call.query.folder as string | undefined) ?? 'manifests';
/** The parameters that were given, for methods that take them as one object. */
const given = (query: Call['query']) =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));

/** A token of a URL opens the events of its own infra-env or cluster. Upstream: internal/events/events_api.go. */
function checkEventsScope(api: AssistedServiceApi, { claim, query }: Call): void {
  if (claim === null) return;
  const hosts = [query.host_id ?? [], query.host_ids ?? []].flat() as string[];
  if (query[claim.kind] === claim.id) return;
  if (claim.kind === 'infra_env_id' && query.infra_env_id === undefined && hosts.length > 0) {
    const own = new Set(Array.from(api.listInfraEnvHosts(claim.id), ({ id }) => id));
    if (hosts.every((id) => own.has(id))) return;
  }
  throw new OperationError(404, 'Object Not Found');
}

function notSimulated(): never {
  throw new OperationError(501, 'This operation is not part of the simulated service');
}
function noObjectStore(): never {
  throw new OperationError(400, 'Failed to generate presigned URL: invalid backend');
}

/** In the order of the published API. */
export const OPERATIONS: readonly Operation[] = [
  {
    id: 'v2RegisterCluster',
    method: 'POST',
    template: '/v2/clusters',
    security: USER,
    body: { name: 'newClusterParams', schema: bodies.CLUSTER_CREATE },
    status: 201,
    answer: 'json',
    run: (api, call) => api.registerCluster(call.body),
  },
  {
    id: 'v2ListClusters',
    method: 'GET',
    template: '/v2/clusters',
    security: ['user', 'watcher'],
    query: {
      openshift_cluster_id: UUID,
      ams_subscription_ids: { type: 'list' },
      with_hosts: FLAG,
      owner: TEXT,
    },
    status: 200,
    answer: 'list',
    run: (api, { query }) =>
      api.listClusters({
        ...(given({ owner: query.owner, openshift_cluster_id: query.openshift_cluster_id }) as Record<string, string>),
        with_hosts: query.with_hosts === true,
      }),
  },
  {
    id: 'v2GetCluster',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}',
    security: ['user', 'agent', 'watcher'],
    query: { 'exclude-hosts': FLAG },
    status: 200,
    answer: 'json',
    run: (api, call) => api.getCluster(cluster(call), { excludeHosts: call.query['exclude-hosts'] === true }),
  },
  {
    id: 'v2DeregisterCluster',
    method: 'DELETE',
    template: '/v2/clusters/{cluster_id}',
    security: USER,
    status: 204,
    answer: 'empty',
    run: (api, call) => api.deleteCluster(cluster(call)),
  },
  {
    id: 'V2UpdateCluster',
    method: 'PATCH',
    template: '/v2/clusters/{cluster_id}',
    security: USER,
    body: { name: 'clusterUpdateParams', schema: bodies.CLUSTER_UPDATE },
    status: 201,
    answer: 'json',
    run: (api, call) => api.updateCluster(cluster(call), call.body),
  },
  {
    id: 'v2UpdateClusterFinalizingProgress',
    method: 'PUT',
    template: '/v2/clusters/{cluster_id}/progress',
    security: AGENT,
    body: { name: 'finalizingProgress', schema: bodies.CLUSTER_FINALIZING_PROGRESS },
    status: 200,
    answer: 'empty',
    run: (api, call) => api.updateClusterFinalizingProgress(cluster(call), call.body),
  },
  {
    id: 'ListClusterHosts',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/hosts',
    security: USER_OR_AGENT,
    query: {
      role: oneOf('master', 'arbiter', 'worker', 'auto-assign'),
      status: TEXT,
      'with-inventory': FLAG,
      'with-connectivity': FLAG,
    },
    status: 200,
    answer: 'list',
    run: (api, call) =>
      api.listClusterHosts(cluster(call), {
        ...(given({ role: call.query.role, status: call.query.status }) as Record<string, string>),
        withInventory: call.query['with-inventory'] === true,
        withConnectivity: call.query['with-connectivity'] === true,
      }),
  },
  {
    id: 'GetClusterSupportedPlatforms',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/supported-platforms',
    security: USER,
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'RegisterInfraEnv',
    method: 'POST',
    template: '/v2/infra-envs',
    security: USER,
    body: { name: 'infraenvCreateParams', schema: bodies.INFRA_ENV_CREATE },
    status: 201,
    answer: 'json',
    run: (api, call) => api.registerInfraEnv(call.body),
  },
  {
    id: 'ListInfraEnvs',
    method: 'GET',
    template: '/v2/infra-envs',
    security: ['user', 'watcher'],
    query: { cluster_id: UUID, owner: TEXT },
    status: 200,
    answer: 'list',
    run: (api, call) => api.listInfraEnvs(given(call.query) as Record<string, string>),
  },
  {
    id: 'GetInfraEnv',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}',
    security: INFRA_ENV_READERS,
    status: 200,
    answer: 'json',
    run: (api, call) => api.getInfraEnv(infraEnv(call)),
  },
  {
    id: 'UpdateInfraEnv',
    method: 'PATCH',
    template: '/v2/infra-envs/{infra_env_id}',
    security: USER,
    body: { name: 'infraEnvUpdateParams', schema: bodies.INFRA_ENV_UPDATE },
    status: 201,
    answer: 'json',
    run: (api, call) => api.updateInfraEnv(infraEnv(call), call.body),
  },
  {
    id: 'DeregisterInfraEnv',
    method: 'DELETE',
    template: '/v2/infra-envs/{infra_env_id}',
    security: USER,
    status: 204,
    answer: 'empty',
    run: (api, call) => api.deleteInfraEnv(infraEnv(call)),
  },
  {
    id: 'GetInfraEnvDownloadURL',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/downloads/image-url',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api, call) => api.infraEnvImageUrl(infraEnv(call)),
  },
  {
    id: 'v2RegisterHost',
    method: 'POST',
    template: '/v2/infra-envs/{infra_env_id}/hosts',
    security: AGENT,
    body: { name: 'newHostParams', schema: bodies.HOST_CREATE },
    status: 201,
    answer: 'json',
    run: (api, call) => api.registerHost(infraEnv(call), call.body, call.agentVersion),
  },
  {
    id: 'v2ListHosts',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/hosts',
    security: USER_OR_AGENT,
    status: 200,
    answer: 'list',
    run: (api, call) => api.listInfraEnvHosts(infraEnv(call)),
  },
  {
    id: 'v2GetHost',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api, call) => api.getHost(infraEnv(call), host(call)),
  },
  {
    id: 'v2UpdateHost',
    method: 'PATCH',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}',
    security: USER,
    body: { name: 'hostUpdateParams', schema: bodies.HOST_UPDATE },
    status: 201,
    answer: 'json',
    run: (api, call) => api.updateHost(infraEnv(call), host(call), call.body),
  },
  {
    id: 'v2DeregisterHost',
    method: 'DELETE',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}',
    security: USER,
    status: 204,
    answer: 'empty',
    run: (api, call) => api.deleteHost(infraEnv(call), host(call)),
  },
  {
    id: 'v2GetNextSteps',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/instructions',
    security: AGENT,
    query: { timestamp: INTEGER },
    status: 200,
    answer: 'json',
    run: (api, call) =>
      api.getInstructions(
        infraEnv(call),
        host(call),
        (call.query.timestamp as number | undefined) ?? null,
        call.agentVersion,
      ),
  },
  {
    id: 'v2PostStepReply',
    method: 'POST',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/instructions',
    security: AGENT,
    body: { name: 'reply', schema: bodies.STEP_REPLY, optional: true },
    status: 204,
    answer: 'empty',
    run: (api, call) => api.postStepReply(infraEnv(call), host(call), call.body),
  },
  {
    id: 'v2UpdateHostInstallProgress',
    method: 'PUT',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/progress',
    security: AGENT,
    body: { name: 'hostProgress', schema: bodies.HOST_PROGRESS },
    status: 200,
    answer: 'empty',
    run: (api, call) => api.updateHostProgress(infraEnv(call), host(call), call.body),
  },
  {
    id: 'BindHost',
    method: 'POST',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/actions/bind',
    security: USER,
    body: { name: 'bindHostParams', schema: bodies.BIND_HOST },
    status: 200,
    answer: 'json',
    run: (api, call) => api.bindHost(infraEnv(call), host(call), call.body),
  },
  {
    id: 'UnbindHost',
    method: 'POST',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/actions/unbind',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api, call) => api.unbindHost(infraEnv(call), host(call)),
  },
  {
    id: 'v2ResetHostValidation',
    method: 'PATCH',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/actions/reset-validation/{validation_id}',
    security: USER,
    status: 200,
    answer: 'empty',
    run: (api, call) => {
      api.resetHostValidation(infraEnv(call), host(call), call.params.validation_id!);
    },
  },
  {
    id: 'v2ResetHost',
    method: 'POST',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/actions/reset',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api, call) => api.resetHost(infraEnv(call), host(call)),
  },
  {
    id: 'v2InstallHost',
    method: 'POST',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/actions/install',
    security: USER,
    status: 202,
    answer: 'json',
    run: (api, call) => api.installHost(infraEnv(call), host(call)),
  },
  {
    id: 'v2UpdateHostInstallerArgs',
    method: 'PATCH',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/installer-args',
    security: USER,
    body: { name: 'installerArgsParams', schema: bodies.INSTALLER_ARGS },
    status: 201,
    answer: 'json',
    run: (api, call) => api.updateInstallerArgs(infraEnv(call), host(call), call.body),
  },
  {
    id: 'v2GetHostIgnition',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/ignition',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api, call) => api.getHostIgnition(infraEnv(call), host(call)),
  },
  {
    id: 'v2UpdateHostIgnition',
    method: 'PATCH',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/ignition',
    security: USER,
    body: { name: 'hostIgnitionParams', schema: bodies.HOST_IGNITION },
    status: 201,
    answer: 'empty',
    run: (api, call) => api.updateHostIgnition(infraEnv(call), host(call), call.body),
  },
  {
    id: 'v2DownloadInfraEnvFiles',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/downloads/files',
    security: INFRA_ENV_READERS,
    query: {
      file_name: required(oneOf('discovery.ign', 'ipxe-script', 'static-network-config')),
      mac: { type: 'mac' },
      ipxe_script_type: IPXE_SCRIPT_TYPE,
      discovery_iso_type: oneOf('full-iso', 'minimal-iso', 'disconnected-iso'),
    },
    status: 200,
    answer: 'file',
    run: (api, call) => {
      const file = api.downloadInfraEnvFile(
        infraEnv(call),
        fileName(call),
        given(call.query) as Record<string, string>,
      );
      const { updated_at: modified } = api.getInfraEnv(infraEnv(call));
      return { ...file, ...(typeof modified === 'string' && { modified }) };
    },
  },
  {
    id: 'GetInfraEnvPresignedFileURL',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/downloads/files-presigned',
    security: USER,
    query: { file_name: required(oneOf('discovery.ign', 'ipxe-script')), ipxe_script_type: IPXE_SCRIPT_TYPE },
    status: 200,
    answer: 'json',
    run: (api, call) =>
      api.infraEnvFileUrl(infraEnv(call), fileName(call), call.query.ipxe_script_type as string | undefined),
  },
  {
    id: 'v2UpdateHostLogsProgress',
    method: 'PUT',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/logs-progress',
    security: AGENT,
    body: { name: 'logsProgressParams', schema: bodies.LOGS_PROGRESS },
    status: 204,
    answer: 'empty',
    run: (api, call) => api.updateHostLogsProgress(infraEnv(call), host(call), call.body),
  },
  {
    id: 'RegenerateInfraEnvSigningKey',
    method: 'POST',
    template: '/v2/infra-envs/{infra_env_id}/regenerate-signing-key',
    security: USER,
    status: 204,
    answer: 'empty',
    run: (api, call) => {
      // Nothing is signed without an identity service.
      api.getInfraEnv(infraEnv(call));
    },
  },
  {
    id: 'V2GetClusterDefaultConfig',
    method: 'GET',
    template: '/v2/clusters/default-config',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api) => api.defaultConfig(),
  },
  {
    id: 'V2GetPresignedForClusterCredentials',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/downloads/credentials-presigned',
    security: USER,
    query: { file_name: CREDENTIAL_FILES },
    status: 200,
    answer: 'empty',
    run: noObjectStore,
  },
  {
    id: 'V2GetCredentials',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/credentials',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api, call) => api.clusterCredentials(cluster(call)),
  },
  {
    id: 'V2DownloadClusterFiles',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/downloads/files',
    security: ['user', 'agent', 'url'],
    query: {
      file_name: required(
        oneOf(
          'bootstrap.ign',
          'master.ign',
          'metadata.json',
          'worker.ign',
          'install-config.yaml',
          'custom_manifests.json',
          'custom_manifests.yaml',
          'arbiter.ign',
        ),
      ),
    },
    status: 200,
    answer: 'file',
    run: (api, call) => ({
      name: fileName(call),
      content: api.downloadClusterFile(cluster(call), fileName(call)),
    }),
  },
  {
    id: 'V2DownloadClusterCredentials',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/downloads/credentials',
    security: USER_OR_AGENT,
    query: { file_name: CREDENTIAL_FILES },
    status: 200,
    answer: 'file',
    run: (api, call) => ({
      name: fileName(call),
      content: api.downloadClusterCredentials(cluster(call), fileName(call)),
    }),
  },
  {
    id: 'V2GetPresignedForClusterFiles',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/downloads/files-presigned',
    security: USER,
    query: {
      file_name: required(
        oneOf('bootstrap.ign', 'master.ign', 'metadata.json', 'worker.ign', 'install-config.yaml', 'logs', 'manifests'),
      ),
      logs_type: oneOf('host', 'controller', 'all'),
      host_id: UUID,
      additional_name: TEXT,
    },
    status: 200,
    answer: 'empty',
    run: noObjectStore,
  },
  {
    id: 'DownloadMinimalInitrd',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/downloads/minimal-initrd',
    security: ['user', 'url', 'image'],
    status: 200,
    octets: true,
    answer: 'bytes',
    run: (api, call) => api.downloadMinimalInitrd(infraEnv(call)),
  },
  {
    id: 'v2GetClusterInstallConfig',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/install-config',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api, call) => api.getInstallConfig(cluster(call)),
  },
  {
    id: 'v2UpdateClusterInstallConfig',
    method: 'PATCH',
    template: '/v2/clusters/{cluster_id}/install-config',
    security: USER,
    body: { name: 'installConfigParams', schema: bodies.TEXT },
    status: 201,
    answer: 'empty',
    run: (api, call) => api.updateInstallConfig(cluster(call), call.text),
  },
  {
    id: 'V2ListManagedDomains',
    method: 'GET',
    template: '/v2/domains',
    security: USER,
    status: 200,
    answer: 'json',
    run: () => [],
  },
  {
    id: 'v2InstallCluster',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/actions/install',
    security: USER,
    status: 202,
    answer: 'json',
    run: (api, call) => api.installCluster(cluster(call)),
  },
  {
    id: 'V2CancelInstallation',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/actions/cancel',
    security: USER,
    status: 202,
    answer: 'json',
    run: (api, call) => api.cancelCluster(cluster(call)),
  },
  {
    id: 'v2ResetCluster',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/actions/reset',
    security: USER,
    status: 202,
    answer: 'json',
    run: (api, call) => api.resetCluster(cluster(call)),
  },
  {
    id: 'TransformClusterToDay2',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/actions/allow-add-workers',
    security: USER,
    status: 202,
    answer: 'json',
    run: (api, call) => api.allowAddHosts(cluster(call)),
  },
  {
    id: 'TransformClusterToAddingHosts',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/actions/allow-add-hosts',
    security: USER,
    status: 202,
    answer: 'json',
    run: (api, call) => api.allowAddHosts(cluster(call)),
  },
  {
    id: 'v2GetPreflightRequirements',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/preflight-requirements',
    security: USER,
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'V2ListOperatorProperties',
    method: 'GET',
    template: '/v2/supported-operators/{operator_name}',
    security: USER,
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'V2ListSupportedOperators',
    method: 'GET',
    template: '/v2/supported-operators',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api) => api.supportedOperators(),
  },
  {
    id: 'V2ListBundles',
    method: 'GET',
    template: '/v2/operators/bundles',
    security: USER,
    query: {
      openshift_version: TEXT,
      cpu_architecture: ARCHITECTURES,
      platform_type: PLATFORMS,
      external_platform_name: TEXT,
      feature_ids: { type: 'list', enum: ['SNO'] },
    },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'V2GetBundle',
    method: 'GET',
    template: '/v2/operators/bundles/{id}',
    security: USER,
    query: { feature_ids: { type: 'list', enum: ['SNO'] } },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'v2UploadClusterIngressCert',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/uploads/ingress-cert',
    security: AGENT,
    body: { name: 'ingressCertParams', schema: bodies.INGRESS_CERT },
    status: 201,
    answer: 'empty',
    run: (api, call) => api.uploadIngressCert(cluster(call), call.text),
  },
  {
    id: 'v2CompleteInstallation',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/actions/complete-installation',
    security: AGENT,
    body: { name: 'completionParams', schema: bodies.COMPLETION },
    status: 202,
    answer: 'json',
    run: (api, call) => api.completeInstallation(cluster(call), call.body),
  },
  {
    id: 'v2UpdateClusterLogsProgress',
    method: 'PUT',
    template: '/v2/clusters/{cluster_id}/logs-progress',
    security: AGENT,
    body: { name: 'logsProgressParams', schema: bodies.LOGS_PROGRESS },
    status: 204,
    answer: 'empty',
    run: (api, call) => api.updateClusterLogsProgress(cluster(call), call.body),
  },
  {
    id: 'V2ListClusterManifests',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/manifests',
    security: USER,
    query: { include_system_generated: FLAG },
    status: 200,
    answer: 'json',
    run: (api, call) => api.listManifests(cluster(call), call.query.include_system_generated === true),
  },
  {
    id: 'V2CreateClusterManifest',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/manifests',
    security: USER,
    body: { name: 'createManifestParams', schema: bodies.MANIFEST_CREATE },
    status: 201,
    answer: 'json',
    run: (api, call) => api.createManifest(cluster(call), call.body),
  },
  {
    id: 'V2UpdateClusterManifest',
    method: 'PATCH',
    template: '/v2/clusters/{cluster_id}/manifests',
    security: USER,
    body: { name: 'updateManifestParams', schema: bodies.MANIFEST_UPDATE },
    status: 200,
    answer: 'json',
    run: (api, call) => api.updateManifest(cluster(call), call.body),
  },
  {
    id: 'V2DeleteClusterManifest',
    method: 'DELETE',
    template: '/v2/clusters/{cluster_id}/manifests',
    security: USER,
    query: { folder: MANIFEST_FOLDER, file_name: required(TEXT) },
    status: 200,
    answer: 'empty',
    run: (api, call) => api.deleteManifest(cluster(call), folder(call), fileName(call)),
  },
  {
    id: 'v2ListComponentVersions',
    method: 'GET',
    template: '/v2/component-versions',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api) => api.componentVersions(),
  },
  {
    id: 'v2ListSupportedOpenshiftVersions',
    method: 'GET',
    template: '/v2/openshift-versions',
    security: USER,
    query: { version: TEXT, only_latest: FLAG },
    status: 200,
    answer: 'json',
    run: (api, { query }) =>
      api.openshiftVersions({
        ...(given({ version: query.version }) as Record<string, string>),
        only_latest: query.only_latest === true,
      }),
  },
  {
    id: 'v2ListReleaseSources',
    method: 'GET',
    template: '/v2/release-sources',
    security: USER,
    status: 200,
    answer: 'json',
    run: () => [],
  },
  {
    id: 'V2DownloadClusterManifest',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/manifests/files',
    security: USER,
    query: { folder: MANIFEST_FOLDER, file_name: required(TEXT) },
    status: 200,
    answer: 'file',
    run: (api, call) => ({
      name: fileName(call),
      content: api.downloadManifest(cluster(call), folder(call), fileName(call)),
    }),
  },
  {
    id: 'V2DownloadClusterLogs',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/logs',
    security: ['user', 'url'],
    query: { logs_type: oneOf('host', 'controller', 'all'), host_id: UUID },
    status: 200,
    answer: 'file',
    run: notSimulated,
  },
  {
    id: 'V2UploadLogs',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/logs',
    security: AGENT,
    query: { logs_type: required(oneOf('host', 'controller')), infra_env_id: UUID, host_id: UUID },
    upload: true,
    status: 204,
    answer: 'empty',
    run: (api, call) =>
      api.uploadLogs(cluster(call), given(call.query) as Record<string, string> & LogsQuery, call.uploaded),
  },
  {
    id: 'V2ListOfClusterOperators',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/monitored-operators',
    security: AGENT,
    query: { operator_name: TEXT },
    status: 200,
    answer: 'json',
    run: (api, call) => api.listMonitoredOperators(cluster(call), call.query.operator_name as string | undefined),
  },
  {
    id: 'v2ReportMonitoredOperatorStatus',
    method: 'PUT',
    template: '/v2/clusters/{cluster_id}/monitored-operators',
    security: AGENT,
    body: { name: 'reportParams', schema: bodies.OPERATOR_REPORT },
    status: 200,
    answer: 'empty',
    run: (api, call) => api.reportMonitoredOperator(cluster(call), call.body),
  },
  {
    id: 'v2DownloadHostIgnition',
    method: 'GET',
    // Upstream spells this one in the singular.
    template: '/v2/infra-env/{infra_env_id}/hosts/{host_id}/downloads/ignition',
    security: USER_OR_AGENT,
    status: 200,
    answer: 'file',
    run: (api, call) => {
      const content = api.downloadHostIgnition(infraEnv(call), host(call));
      const { role } = api.getHost(infraEnv(call), host(call));
      return { name: `${role}-${host(call)}.ign`, content };
    },
  },
  {
    id: 'v2ListEvents',
    method: 'GET',
    template: '/v2/events',
    security: ['user', 'url', 'watcher'],
    query: {
      cluster_id: UUID,
      host_id: UUID,
      host_ids: { type: 'list', items: 'uuid' },
      infra_env_id: UUID,
      limit: INTEGER,
      offset: INTEGER,
      order: oneOf('ascending', 'descending'),
      severities: { type: 'list', enum: ['info', 'warning', 'error', 'critical'] },
      message: TEXT,
      deleted_hosts: FLAG,
      cluster_level: FLAG,
      categories: { type: 'list' },
    },
    status: 200,
    answer: 'counted-list',
    run: (api, call) => {
      checkEventsScope(api, call);
      const { host_id, ...query } = given(call.query);
      const page = api.listEvents({
        // The old name for one host.
        ...(host_id !== undefined && { host_ids: [host_id as string] }),
        ...(query as EventsQuery),
      });
      return {
        headers: {
          'Event-Count': String(page.total),
          'Severity-Count-Critical': String(page.severities.critical),
          'Severity-Count-Error': String(page.severities.error),
          'Severity-Count-Info': String(page.severities.info),
          'Severity-Count-Warning': String(page.severities.warning),
        },
        rows: page.events,
      };
    },
  },
  {
    id: 'v2TriggerEvent',
    method: 'POST',
    template: '/v2/events',
    security: AGENT,
    body: { name: 'triggerEventParams', schema: bodies.EVENT },
    status: 201,
    answer: 'empty',
    run: (api, call) => api.triggerEvent(call.body),
  },
  {
    id: 'GetSupportedFeatures',
    method: 'GET',
    template: '/v2/support-levels/features',
    security: USER,
    query: {
      openshift_version: required(TEXT),
      cpu_architecture: ARCHITECTURES,
      platform_type: PLATFORMS,
      external_platform_name: TEXT,
    },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'GetDetailedSupportedFeatures',
    method: 'GET',
    template: '/v2/support-levels/features/detailed',
    security: USER,
    query: {
      openshift_version: required(TEXT),
      cpu_architecture: oneOf('x86_64', 'arm64', 'ppc64le', 's390x', 'multi'),
      platform_type: PLATFORMS,
      external_platform_name: TEXT,
    },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'GetSupportedArchitectures',
    method: 'GET',
    template: '/v2/support-levels/architectures',
    security: USER,
    query: { openshift_version: required(TEXT) },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'v2ImportCluster',
    method: 'POST',
    template: '/v2/clusters/import',
    security: USER,
    body: { name: 'newImportClusterParams', schema: bodies.CLUSTER_IMPORT },
    status: 201,
    answer: 'json',
    run: (api, call) => api.importCluster(call.body),
  },
  {
    id: 'v2RegisterDisconnectedCluster',
    method: 'POST',
    template: '/v2/clusters/disconnected',
    security: USER,
    body: { name: 'newClusterParams', schema: bodies.CLUSTER_DISCONNECTED },
    status: 201,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'v2GetIgnoredValidations',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/ignored-validations',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api, call) => api.getIgnoredValidations(cluster(call)),
  },
  {
    id: 'v2SetIgnoredValidations',
    method: 'PUT',
    template: '/v2/clusters/{cluster_id}/ignored-validations',
    security: USER,
    body: { name: 'ignoredValidations', schema: bodies.IGNORED_VALIDATIONS },
    status: 201,
    answer: 'json',
    run: (api, call) => api.setIgnoredValidations(cluster(call), call.body),
  },
  {
    id: 'V2GetClusterUISettings',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/ui-settings',
    security: USER,
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'V2UpdateClusterUISettings',
    method: 'PUT',
    template: '/v2/clusters/{cluster_id}/ui-settings',
    security: USER,
    body: { name: 'uiSettings', schema: bodies.TEXT },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
];
