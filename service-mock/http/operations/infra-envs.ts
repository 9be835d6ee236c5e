/** Infra-envs and their images. */

import * as bodies from '../request-bodies.ts';
import type { Operation } from './operation.ts';
import {
  fileName,
  given,
  INFRA_ENV_READERS,
  IPXE_SCRIPT_TYPE,
  infraEnv,
  oneOf,
  required,
  STRING,
  USER,
  UUID,
} from './pieces.ts';

export const INFRA_ENV_OPERATIONS: readonly Operation[] = [
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
    query: { cluster_id: UUID, owner: STRING },
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
    id: 'DownloadMinimalInitrd',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/downloads/minimal-initrd',
    security: ['user', 'url', 'image'],
    status: 200,
    octets: true,
    answer: 'bytes',
    run: (api, call) => api.downloadMinimalInitrd(infraEnv(call)),
  },
];
