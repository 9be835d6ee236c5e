/**
 * Addresses that the service hands out: images and boot artefacts of the image service, files and events of its own. With
 * AUTH_TYPE local those that name an infra-env or cluster carry a token. Parameters are sorted, as Go's net/url prints
 * them. Upstream: assisted-service, internal/imageservice/urls.go, internal/bminventory/inventory_v2_handlers.go and
 * internal/controller/controllers/{common,infraenv_controller}.go.
 */
import { API_BASE } from '../../model/protocol/endpoints.ts';
import type { LocalTokens, TokenKind } from '../auth/local-tokens.ts';
import type { InfraEnvRow } from '../core/rows.ts';
import type { ServiceSettings } from '../service-api.ts';
import type { Versions } from '../versions/versions.ts';

export const ISO_NAMES: Readonly<Record<string, string>> = {
  'full-iso': 'full.iso',
  'minimal-iso': 'minimal.iso',
  'disconnected-iso': 'disconnected.iso',
};

/** What an infra-env's addresses are made from. */
type ImageOf = Pick<InfraEnvRow, 'id' | 'openshiftVersion' | 'cpuArchitecture'>;

export class ImageUrls {
  readonly #settings: ServiceSettings;
  readonly #versions: Versions;
  readonly #tokens: LocalTokens | undefined;

  constructor(settings: ServiceSettings, versions: Versions, tokens: LocalTokens | undefined) {
    this.#settings = settings;
    this.#versions = versions;
    this.#tokens = tokens;
  }

  /** The image of an infra-env. It is another one at each call with AUTH_TYPE local, as signatures are. */
  iso(infraEnv: ImageOf & Pick<InfraEnvRow, 'type'>): string {
    const token = this.token('infra_env_id', infraEnv.id);
    const [prefix, who] = token === '' ? ['byid', infraEnv.id] : ['byapikey', token];
    return this.#image(
      `${prefix}/${who}/${this.#version(infraEnv)}/${infraEnv.cpuArchitecture}/${ISO_NAMES[infraEnv.type]}`,
    );
  }

  kernel(infraEnv: ImageOf): string {
    return this.#image('boot-artifacts/kernel', this.#variant(infraEnv));
  }

  rootfs(infraEnv: ImageOf): string {
    return this.#image('boot-artifacts/rootfs', this.#variant(infraEnv));
  }

  initrd(infraEnv: ImageOf): string {
    return this.sign(
      this.#image(`images/${infraEnv.id}/pxe-initrd`, this.#variant(infraEnv)),
      'infra_env_id',
      infraEnv.id,
    );
  }

  /**
   * A file that the service itself hands out for an infra-env.
   * @param ipxeScriptType `boot-order-control` for a script that lets installed hosts boot from their disks
   */
  file(infraEnvId: string, fileName: string, ipxeScriptType?: string): string {
    const query = new URLSearchParams({
      file_name: fileName,
      ...(ipxeScriptType && { ipxe_script_type: ipxeScriptType }),
    });
    const url = `${this.#settings.SERVICE_BASE_URL}${API_BASE}/v2/infra-envs/${infraEnvId}/downloads/files?${query}`;
    return this.sign(url, 'infra_env_id', infraEnvId);
  }

  /** Events of an infra-env or a cluster; `filter` narrows them, and is what the address is about without a token. */
  events(kind: TokenKind, id: string, filter: Readonly<Record<string, string>> = { [kind]: id }): string {
    const query = new URLSearchParams(filter);
    query.sort();
    return this.sign(`${this.#settings.SERVICE_BASE_URL}${API_BASE}/v2/events?${query}`, kind, id);
  }

  clusterLogs(clusterId: string): string {
    return this.#logs(clusterId, {});
  }

  hostLogs(clusterId: string, hostId: string): string {
    return this.#logs(clusterId, { host_id: hostId, logs_type: 'host' });
  }

  /** The address with a token; unchanged without AUTH_TYPE local. */
  sign(url: string, kind: TokenKind, id: string): string {
    return this.#tokens ? this.#tokens.signUrl(url, kind, id) : url;
  }

  /** A new token; empty without AUTH_TYPE local. */
  token(kind: TokenKind, id: string): string {
    return this.#tokens?.issue(kind, id) ?? '';
  }

  #logs(clusterId: string, query: Record<string, string>): string {
    const text = new URLSearchParams(query).toString();
    const url = `${this.#settings.SERVICE_BASE_URL}${API_BASE}/v2/clusters/${clusterId}/logs${text && `?${text}`}`;
    return this.sign(url, 'cluster_id', clusterId);
  }

  #version({ openshiftVersion, cpuArchitecture }: ImageOf): string {
    return this.#versions.osImageVersion(openshiftVersion, cpuArchitecture);
  }

  #variant(infraEnv: ImageOf): Record<string, string> {
    return { arch: infraEnv.cpuArchitecture, version: this.#version(infraEnv) };
  }

  #image(path: string, query: Record<string, string> = {}): string {
    const text = new URLSearchParams(query).toString();
    return `${this.#settings.IMAGE_SERVICE_BASE_URL.replace(/\/+$/, '')}/${path}${text && `?${text}`}`;
  }
}
