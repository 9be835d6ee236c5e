/** Release and OS images that the service offers. Upstream: assisted-service, internal/versions/osimages.go and rest_api_versions.go. */
import { createHash } from 'node:crypto';
import { type JsonObject, OperationError, type ServiceSettings } from '../service-api.ts';

export interface Release {
  readonly version: string;
  /** What it is listed under: `major.minor`, as a rule. */
  readonly openshiftVersion: string;
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

/** Upstream: hashicorp/go-version, version.go, VersionRegexpRaw. */
const VERSION = /^v?\d+(?:\.\d+)*(?:-?[A-Za-z~-][0-9A-Za-z~-]*(?:\.[0-9A-Za-z~-]+)*)?(?:\+[0-9A-Za-z~.-]+)?$/;

/** Why a version, without what follows its dash, is none; undefined when it is. */
export function versionProblem(version: string): string | undefined {
  const [base] = version.split('-', 1) as [string];
  return VERSION.test(base) ? undefined : `Malformed version: ${base}`;
}

const baseOf = (version: string) => version.split('-', 1)[0] as string;

/** Compares two versions with all their parts: negative when `a` is older. */
function compareVersions(a: string, b: string): number {
  const [partsA, partsB] = [a, b].map((version) => baseOf(version).split('.').map(Number)) as [number[], number[]];
  for (let at = 0; at < Math.max(partsA.length, partsB.length); at++) {
    const difference = (partsA[at] ?? 0) - (partsB[at] ?? 0);
    if (difference !== 0) return difference;
  }
  const [restA, restB] = [a, b].map((version) => version.slice(baseOf(version).length));
  if (restA === restB) return 0;
  if (restA === '' || restB === '') return restA === '' ? 1 : -1;
  return restA! < restB! ? -1 : 1;
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
    openshiftVersion: text(image, 'openshift_version'),
    url: text(image, 'url'),
    cpuArchitecture: text(image, 'cpu_architecture'),
    cpuArchitectures: architectures(image),
  };
}

/** Upstream: internal/common/common.go, NormalizeCPUArchitecture. */
export function normalizedArchitecture(architecture: string): string {
  if (architecture === 'amd64') return 'x86_64';
  return architecture === 'aarch64' ? 'arm64' : architecture;
}

const osArchitecture = (image: JsonObject) => normalizedArchitecture(text(image, 'cpu_architecture')) || 'x86_64';

/** Newest first, versions that are no release yet last. */
function newestFirst(a: JsonObject, b: JsonObject): number {
  const isBeta = (image: JsonObject) => (text(image, 'support_level') === 'beta' ? 1 : 0);
  const plain = (image: JsonObject) => text(image, 'version').replace(/-multi$/, '');
  return isBeta(a) - isBeta(b) || compareVersions(plain(b), plain(a));
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
    const wanted = normalizedArchitecture(architecture);
    const refuse = (problem: string): never => {
      throw new OperationError(
        400,
        `Openshift version ${version} for CPU architecture ${architecture} is not supported: ${problem}`,
      );
    };
    const parts = versionProblem(version) === undefined ? baseOf(version).split('.').length : 0;
    if (parts !== 2 && parts !== 3) {
      refuse(
        `invalid openshiftVersion '${version}'. Expected format: 'major.minor' or 'major.minor.patch', optionally followed by a prerelease identifier`,
      );
    }
    const images = this.#settings.RELEASE_IMAGES.filter((image) =>
      [text(image, 'cpu_architecture'), ...architectures(image)].map(normalizedArchitecture).includes(wanted),
    );
    const found = images.filter((image) => text(image, parts === 3 ? 'version' : 'openshift_version') === version);
    const [image] = found.sort(newestFirst);
    if (!image)
      return refuse(`no release image found for openshiftVersion: '${version}' and CPU architecture '${wanted}'`);
    return releaseOf(image);
  }

  /** The release of an image of the catalogue, for an architecture. @throws OperationError 400 when there is none. */
  releaseOfImage(url: string, architecture: string): Release {
    const image = this.#settings.RELEASE_IMAGES.find((candidate) => text(candidate, 'url') === url);
    if (!image) {
      throw new OperationError(
        400,
        `failed to get release image by URL ${url} during cluster registration: error occurred while trying to retrieve release image with url '${url}' from the db: record not found`,
      );
    }
    const offered = architectures(image);
    const wanted = normalizedArchitecture(architecture);
    if (wanted === 'multi') {
      if (offered.length > 1) return releaseOf(image);
      throw new OperationError(400, `release image URL ${url} does not support requested CPU architecture ${wanted}`);
    }
    if (offered.map(normalizedArchitecture).includes(wanted)) return releaseOf(image);
    throw new OperationError(
      400,
      `Requested CPU architecture ${wanted} is not supported for release image URL ${url}. Supported architectures in release image: [${offered.join(' ')}]`,
    );
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
    return {
      version: version!,
      openshiftVersion: baseVersion(version!),
      url,
      cpuArchitecture: architecture,
      cpuArchitectures: [architecture],
    };
  }

  /** Version of the OS image for a wanted version, or of the newest one. @throws OperationError 400 when there is none. */
  osImageVersion(version: string | undefined, architecture: string): string {
    const { found, problem } = version ? this.#osImage(version, architecture) : this.#newestOsImage(architecture);
    if (found !== undefined) return found;
    const words = version
      ? `No OS image for Openshift version ${version} and architecture ${architecture}`
      : `Failed to get latest OS image for architecture ${architecture}`;
    throw new OperationError(400, `${words}: ${problem}`);
  }

  /** Why hosts of a version cannot become those of a cluster of many architectures; undefined when they can. Upstream: internal/versions/common.go, validateReleaseImageForRHCOS. */
  hostImageProblem(version: string, architecture: string): string | undefined {
    const base = baseVersion(version);
    const offered = this.#settings.RELEASE_IMAGES.filter((image) =>
      [text(image, 'cpu_architecture'), ...architectures(image)].includes(architecture),
    ).map((image) => text(image, 'openshift_version'));
    if (offered.some((one) => baseVersion(one) === base)) return undefined;
    const advice =
      offered.length > 0
        ? `These are the OCP versions for which a matching release image has been found for arch ${architecture} please review your release images or choose your OCP version to match one of these: ${offered.join(',')}`
        : `There are no OCP versions available in release images for arch ${architecture}.`;
    return `The requested RHCOS version (${base}, arch: ${architecture}) does not have a matching OpenShift release image. ${advice}`;
  }

  /** Whether there is an OS image for a version. */
  hasOsImage(version: string, architecture: string): boolean {
    return this.#osImage(version, architecture).found !== undefined;
  }

  /** Architectures that there are OS images of, for a version as it is named in the catalogue, or its `major.minor`. */
  osArchitectures(version: string): string[] {
    const names = [version, baseVersion(version)];
    return this.#settings.OS_IMAGES.filter((image) => names.includes(text(image, 'openshift_version'))).map(
      osArchitecture,
    );
  }

  #osImage(version: string, architecture: string): { found?: string; problem?: string } {
    const wanted = normalizedArchitecture(architecture) || 'x86_64';
    const versions = this.#osVersions(wanted);
    if (versions.length === 0)
      return { problem: `The requested CPU architecture (${wanted}) isn't specified in OS images list` };
    if (baseOf(version).split('.').length < 2) return { problem: 'invalid version' };
    const base = baseVersion(version);
    const found =
      versions.find((candidate) => candidate === version) ??
      versions.find((candidate) => candidate === base) ??
      versions.filter((candidate) => baseVersion(candidate) === base).sort((a, b) => compareVersions(b, a))[0];
    if (found !== undefined) return { found };
    return {
      problem: `The requested OS image for version (${version}) and CPU architecture (${wanted}) isn't specified in OS images list`,
    };
  }

  #newestOsImage(architecture: string): { found?: string; problem?: string } {
    const [found] = this.#osVersions(normalizedArchitecture(architecture)).sort((a, b) => compareVersions(b, a));
    return found === undefined ? { problem: 'No OS images are available' } : { found };
  }

  #osVersions(architecture: string): string[] {
    return this.#settings.OS_IMAGES.filter((image) => osArchitecture(image) === architecture).map((image) =>
      text(image, 'openshift_version'),
    );
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
