/** Release and OS images that the service offers. Upstream: assisted-service, internal/versions/osimages.go and rest_api_versions.go. */
import { createHash } from 'node:crypto';
import { type JsonObject, OperationError, type ServiceSettings } from '../service-api.ts';

export interface Release {
  readonly version: string;
  readonly url: string;
  readonly cpuArchitecture: string;
  readonly cpuArchitectures: readonly string[];
}

/** `major.minor` of a version. */
export function baseVersion(version: string): string {
  return version.split('-')[0]!.split('.').slice(0, 2).join('.');
}

/** Compares `major.minor` of two versions: negative when `a` is older. */
export function compareBase(a: string, b: string): number {
  const [majorA, minorA] = baseVersion(a).split('.').map(Number);
  const [majorB, minorB] = baseVersion(b).split('.').map(Number);
  return (majorA ?? 0) - (majorB ?? 0) || (minorA ?? 0) - (minorB ?? 0);
}

function text(image: JsonObject, field: string): string {
  const value = image[field];
  return typeof value === 'string' ? value : '';
}

function architectures(image: JsonObject): string[] {
  const list = image.cpu_architectures;
  if (Array.isArray(list) && list.length > 0) return list.map(String);
  return [text(image, 'cpu_architecture') || 'x86_64'];
}

function releaseOf(image: JsonObject): Release {
  return {
    version: text(image, 'version'),
    url: text(image, 'url'),
    cpuArchitecture: text(image, 'cpu_architecture'),
    cpuArchitectures: architectures(image),
  };
}

export class Versions {
  readonly #settings: ServiceSettings;

  constructor(settings: ServiceSettings) {
    this.#settings = settings;
  }

  /**
   * Release image of a full version or of `major.minor` (then the newest that is offered under it).
   * @throws OperationError 400 when there is none.
   */
  release(version: string, architecture: string): Release {
    const images = this.#settings.RELEASE_IMAGES.filter(
      (image) =>
        text(image, 'cpu_architecture') === architecture ||
        (architectures(image).length > 1 && (architecture === 'multi' || architectures(image).includes(architecture))),
    );
    const image =
      images.find((candidate) => text(candidate, 'version') === version) ??
      images.find((candidate) => text(candidate, 'openshift_version') === version);
    if (!image) {
      throw new OperationError(400, `No release image is known for openshift version ${version} on ${architecture}`);
    }
    return releaseOf(image);
  }

  /**
   * Release of a release image; of one that is not in the catalogue the tag tells (the real service asks `oc`).
   * @throws Error when neither does.
   */
  releaseByUrl(url: string): Release {
    const known = this.#settings.RELEASE_IMAGES.find((image) => text(image, 'url') === url);
    if (known) return releaseOf(known);
    const tag = /:v?(\d+\.\d+\.\d+[\w.+-]*?)(?:-(x86_64|aarch64|arm64|ppc64le|s390x|multi))?$/.exec(url);
    if (!tag) throw new Error(`the version of release image ${url} is not known`);
    const [, version, architecture = 'x86_64'] = tag;
    return { version: version!, url, cpuArchitecture: architecture, cpuArchitectures: [architecture] };
  }

  /** Version of the OS image for a wanted version, or of the newest one. @throws OperationError 400 when there is none. */
  osImageVersion(version: string | undefined, architecture: string): string {
    const images = this.#settings.OS_IMAGES.filter((image) => text(image, 'cpu_architecture') === architecture);
    if (version) {
      const image =
        images.find((candidate) => text(candidate, 'openshift_version') === version) ??
        images.find((candidate) => baseVersion(text(candidate, 'openshift_version')) === baseVersion(version));
      if (!image) throw new OperationError(400, `No OS image is known for version ${version} on ${architecture}`);
      return text(image, 'openshift_version');
    }
    const newest = images.map((image) => text(image, 'openshift_version')).sort((a, b) => compareBase(b, a))[0];
    if (newest === undefined) throw new OperationError(400, `No OS image is known for ${architecture}`);
    return newest;
  }

  /** Must-gather images of a version by operator name. */
  mustGather(version: string): Readonly<Record<string, string>> {
    return this.#settings.MUST_GATHER_IMAGES[baseVersion(version)] ?? {};
  }

  /** Machine-config operator image of a release (the real service asks `oc`; here it is derived from the release's URL). */
  machineConfigImage(releaseUrl: string): string {
    const repository = releaseUrl.replace(/[:@][^/]*$/, '').replace(/\/[^/]*$/, '');
    return `${repository}/ocp-art@sha256:${createHash('sha256').update(releaseUrl).digest('hex')}`;
  }

  /** The map of `GET /v2/openshift-versions`. @throws OperationError 400 for a version pattern that is none. */
  list(query: { version?: string; only_latest: boolean }): JsonObject {
    const result: JsonObject = {};
    const seen = new Set<string>();
    const images = [...this.#settings.RELEASE_IMAGES].sort((a, b) =>
      compareBase(text(b, 'version'), text(a, 'version')),
    );
    for (const image of images) {
      const version = text(image, 'version');
      if (query.version && !version.includes(query.version)) continue;
      const supported = architectures(image).filter((architecture) => this.#hasOsImage(version, architecture));
      if (supported.length === 0) continue;
      if (query.only_latest && seen.has(baseVersion(version))) continue;
      seen.add(baseVersion(version));
      const key = architectures(image).length > 1 && !version.endsWith('-multi') ? `${version}-multi` : version;
      result[key] = {
        cpu_architectures: supported,
        ...(image.default === true ? { default: true } : {}),
        display_name: key,
        support_level: text(image, 'support_level') || (/-(rc|ec|fc|alpha|0\.)/.test(version) ? 'beta' : 'production'),
      };
    }
    return Object.fromEntries(Object.entries(result).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #hasOsImage(version: string, architecture: string): boolean {
    return this.#settings.OS_IMAGES.some(
      (image) =>
        baseVersion(text(image, 'openshift_version')) === baseVersion(version) &&
        text(image, 'cpu_architecture') === architecture,
    );
  }
}

/** Registry host of an image reference; images without one come from docker.io. */
export function registryOf(image: string): string {
  const first = image.split('/')[0] as string;
  return image.includes('/') && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
}
