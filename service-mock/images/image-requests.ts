/**
 * Images and boot artefacts by their addresses. The way of a request for an image:
 *
 *   path → what is asked for → have we got it? → assisted-service: ignition, ramdisk, kernel arguments → content
 *
 * Each request asks assisted-service anew, one for a range or a HEAD too.
 * Upstream: openshift/assisted-image-service, internal/handlers/{iso,initrd,boot_artifacts,long,short}.go.
 */
import { gzipSync } from 'node:zlib';
import { cpioArchive } from '../archive/cpio.ts';
import { compareBase } from '../versions/versions.ts';
import { Content, type Overlay } from './content.ts';
import { IGNITION_AREA, type ImageServiceSettings, KERNEL_ARGUMENTS_AREA, RAMDISK_AREA } from './image-settings.ts';
import type { Served } from './serve-content.ts';
import { CallbackError, type Credentials, type ServiceClient } from './service-client.ts';

/** A request that ends with this status; `text` is its body, as the real handler writes it. */
export class ImageError extends Error {
  readonly status: number;
  /** As Go's http.Error writes it: with a line feed and a type. */
  readonly plain: boolean;
  constructor(status: number, text: string, plain = true) {
    super(text);
    this.name = 'ImageError';
    this.status = status;
    this.plain = plain;
  }
}

export interface ImageRequest {
  /** Decoded; the parts that a route's expression names. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

export interface ImageRoute {
  /** As metrics name it; the path itself when empty. */
  readonly handler: string;
  readonly path: RegExp;
  /** Counts against MAX_CONCURRENT_REQUESTS. */
  readonly limited: boolean;
  /** @throws ImageError, CallbackError */
  serve(request: ImageRequest): Promise<Served>;
}

const DEFAULT_ARCHITECTURE = 'x86_64';
const NOT_FOUND = '404 page not found';
/** From this version on static networks are set up by nmstate itself. */
const NMSTATE_VERSION = '4.18';
const ISO_TYPES: Readonly<Record<string, string>> = {
  'minimal.iso': 'minimal-iso',
  'full.iso': 'full-iso',
  'disconnected.iso': 'disconnected-iso',
};
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const SHORT = '(?<version>[^/]+)/(?<arch>[^/]+)/(?<file>[^/]+)$';

interface IsoRequest {
  readonly id: string;
  readonly version: string;
  readonly arch: string;
  readonly type: string;
}

/** All routes of an image service. @param startedAt milliseconds since the epoch: when its images came to be */
export function imageRoutes(settings: ImageServiceSettings, service: ServiceClient, startedAt: number): ImageRoute[] {
  const iso = (handler: string, path: string, parse: (request: ImageRequest) => IsoRequest): ImageRoute => ({
    handler,
    path: new RegExp(path),
    limited: true,
    serve: (request) => serveIso(settings, service, request, parse(request)),
  });
  return [
    {
      handler: '/images/:imageID/pxe-initrd',
      path: new RegExp(`^/images/(?<id>${UUID})/pxe-initrd$`),
      limited: true,
      serve: (request) => serveInitrd(settings, service, request),
    },
    iso('/images/:imageID', `^/images/(?<id>${UUID})$`, parseLong),
    iso('/byid/:token', `^/byid/(?<id>${UUID})/${SHORT}`, ({ params }) => parseShort(params, params.id!)),
    iso('/byapikey/:token', `^/byapikey/(?<apiKey>[^/]+)/${SHORT}`, ({ params }) =>
      parseShort(params, idOf(params.apiKey!)),
    ),
    iso('/bytoken/:token', `^/bytoken/(?<token>[^/]+)/${SHORT}`, ({ params }) =>
      parseShort(params, idOf(params.token!)),
    ),
    {
      handler: '',
      path: /^\/boot-artifacts\/(?<artifact>.*)$/,
      limited: false,
      serve: async (request) => bootArtifact(settings, request, startedAt),
    },
  ];
}

function parseShort({ version, arch, file }: ImageRequest['params'], id: string): IsoRequest {
  const type = ISO_TYPES[file!];
  if (type === undefined) throw new ImageError(404, `unrecognized file name ${file}`, false);
  return { id, version: version!, arch: arch!, type };
}

function parseLong({ params, query }: ImageRequest): IsoRequest {
  const fail = (text: string) => new ImageError(400, text, false);
  const version = query.get('version') ?? '';
  if (version === '') throw fail("'version' parameter required");
  const type = query.get('type') ?? '';
  if (type === '') throw fail("'type' parameter required");
  if (!Object.values(ISO_TYPES).includes(type)) throw fail(`invalid value '${type}' for parameter 'type'`);
  return { id: params.id!, version, arch: query.get('arch') || DEFAULT_ARCHITECTURE, type };
}

/** The infra-env that a token is for; assisted-service is the one to check it. */
function idOf(token: string): string {
  const fail = (text: string) => new ImageError(404, text, false);
  const payload = /^.+\.(.+)\..+/.exec(token)?.[1];
  if (payload === undefined) throw fail('failed to parse JWT from URL');
  let claims: { sub?: unknown; infra_env_id?: unknown };
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) ?? {};
  } catch (error) {
    throw fail((error as Error).message);
  }
  const id = claims.sub || claims.infra_env_id;
  if (typeof id !== 'string') throw fail('InfraEnv ID not found in token');
  return id;
}

function credentialsOf({ params, query, authorization }: ImageRequest): Credentials {
  return {
    apiKey: params.apiKey ?? (query.get('api_key') || undefined),
    imageToken: params.token ?? (query.get('image_token') || undefined),
    authorization,
  };
}

function has({ OS_IMAGES }: ImageServiceSettings, version: string, arch: string): boolean {
  return OS_IMAGES.some(
    (image) => image.cpu_architecture === arch && (image.version === version || image.openshift_version === version),
  );
}

async function serveIso(
  settings: ImageServiceSettings,
  service: ServiceClient,
  request: ImageRequest,
  { id, version, arch, type }: IsoRequest,
): Promise<Served> {
  if (!has(settings, version, arch)) throw new ImageError(404, NOT_FOUND);
  const { signal } = request;
  const who = credentialsOf(request);
  const minimal = type === 'minimal-iso';
  const ignition = await service.ignition(id, type, who, signal);
  const ramdisk = minimal ? await service.ramdisk(id, who, signal) : null;
  const kernelArguments = await service.kernelArguments(id, who, signal);
  if (kernelArguments !== null && arch === 's390x') {
    throw new ImageError(400, 'kargs cannot be modified in s390x architecture ISOs');
  }
  const overlays = [
    ...fill(IGNITION_AREA, ignitionArchive(ignition.config)),
    ...(ramdisk ? fill(RAMDISK_AREA, ramdisk) : []),
    ...(kernelArguments === null ? [] : fill(KERNEL_ARGUMENTS_AREA, Buffer.from(kernelArguments))),
  ];
  return {
    fileName: type === 'disconnected-iso' ? `agent-ove.${arch}.iso` : `${id}-discovery.iso`,
    content: new Content(minimal ? settings.MINIMAL_ISO_BYTES : settings.FULL_ISO_BYTES, overlays),
    modified: timeOf(ignition.modified),
  };
}

async function serveInitrd(
  settings: ImageServiceSettings,
  service: ServiceClient,
  request: ImageRequest,
): Promise<Served> {
  const { params, query, signal } = request;
  const id = params.id!;
  const version = query.get('version') ?? '';
  const arch = query.get('arch') || DEFAULT_ARCHITECTURE;
  if (version === '') throw new ImageError(400, "'version' parameter required for initrd download");
  if (!has(settings, version, arch)) throw new ImageError(400, `version for ${version} ${arch}, not found `);
  const who = credentialsOf(request);
  const ignition = await told('ignition', service.ignition(id, '', who, signal));
  const ramdisk = await told('ramdisk', service.ramdisk(id, who, signal));
  const appended = [ignitionArchive(ignition.config), ...(ramdisk ? [ramdisk] : [])];
  let size = settings.INITRD_BYTES;
  const overlays = appended.map((bytes) => {
    const at = size;
    size += bytes.length;
    return { at, bytes };
  });
  if (ramdisk && compareBase(version, NMSTATE_VERSION) >= 0) size += settings.NMSTATE_BYTES;
  return {
    fileName: `${id}-initrd.img`,
    content: new Content(size, overlays),
    modified: timeOf(ignition.modified),
  };
}

/** Whoever asks for an initrd is told what went wrong, unlike one who asks for an ISO. */
async function told<T>(what: string, callback: Promise<T>): Promise<T> {
  try {
    return await callback;
  } catch (error) {
    if (!(error instanceof CallbackError)) throw error;
    throw new ImageError(error.status, `error retrieving ${what} content: ${error.message}`);
  }
}

function bootArtifact(settings: ImageServiceSettings, { params, query }: ImageRequest, startedAt: number): Served {
  const fail = (why: string) => new ImageError(400, `Failed to parse query parameters: ${why}`);
  const version = query.get('version') ?? '';
  const arch = query.get('arch') || DEFAULT_ARCHITECTURE;
  if (version === '') throw fail("'version' parameter required");
  if (!has(settings, version, arch)) throw fail(`version for ${version} ${arch}, not found`);
  const artifact = params.artifact!;
  if (artifact === 'rootfs') {
    return { fileName: 'rootfs.img', content: new Content(settings.ROOTFS_BYTES), modified: startedAt };
  }
  if (artifact === 'kernel') {
    return { fileName: 'vmlinuz', content: new Content(settings.KERNEL_BYTES), modified: startedAt };
  }
  throw new ImageError(404, `Failed to parse artifact: malformed download path: /boot-artifacts/${artifact}`);
}

function ignitionArchive(config: Buffer): Buffer {
  return gzipSync(cpioArchive([{ path: 'config.ign', text: config.toString(), mode: 0o100644 }]));
}

const ZEROS = Buffer.alloc(RAMDISK_AREA.length);

/** Puts bytes into an area, zeros behind them. @throws ImageError 500 when they do not fit, of which the client is told nothing. */
function fill({ at, length }: { at: number; length: number }, bytes: Buffer): Overlay[] {
  if (bytes.length > length) throw new ImageError(500, '', false);
  return [
    { at, bytes },
    { at: at + bytes.length, bytes: ZEROS.subarray(0, length - bytes.length) },
  ];
}

const timeOf = (modified: number) => (Number.isNaN(modified) ? Date.now() : modified);
