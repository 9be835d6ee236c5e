/** What types of a config must be like. Upstream: coreos/ignition, config/v3_1/types and v3_2, the Validate methods. */
import { posix } from 'node:path';
import type { JsonObject } from '../service-api.ts';
import { type GoUrl, parseUrl, UrlError } from '../validations/go-url.ts';
import { dataUrlProblem } from './data-urls.ts';

/** A problem, and where it is below the value; warnings refuse nothing. */
export interface Finding {
  readonly at: readonly (string | number)[];
  readonly message: string;
  readonly isWarning?: boolean;
}

const text = (value: JsonObject, field: string): string => (value[field] as string | undefined) ?? '';
const objects = (value: JsonObject, field: string): JsonObject[] => (value[field] as JsonObject[] | undefined) ?? [];

/** By the names of types. */
export const RULES: Readonly<Record<string, (value: JsonObject) => Finding[]>> = {
  'types.File': (file) => [
    ...nodeFindings(file),
    ...modeFindings(file),
    ...found(
      'overwrite',
      file.overwrite === true &&
        (file.contents as JsonObject | undefined)?.source === undefined &&
        'overwrite must be false if source is unspecified',
    ),
  ],
  'types.Directory': (directory) => [...nodeFindings(directory), ...modeFindings(directory)],
  'types.Link': (link) => nodeFindings(link),
  'types.NodeUser': (user) => ownerFindings(user),
  'types.NodeGroup': (group) => ownerFindings(group),
  'types.Resource': resourceFindings,
  'types.Verification': ({ hash }) => found('hash', typeof hash === 'string' && hashProblem(hash)),
  'types.HTTPHeader': (header) => [
    ...found('name', text(header, 'name') === '' && "HTTP header name can't be empty"),
    ...found('value', header.value === '' && 'unable to parse HTTP header'),
  ],
  'types.IgnitionConfig': (config) => sourcesRequired(config, 'merge'),
  'types.TLS': (tls) => sourcesRequired(tls, 'certificateAuthorities'),
  'types.Proxy': (proxy) => [...proxyFindings(proxy, 'httpProxy'), ...proxyFindings(proxy, 'httpsProxy')],
  'types.Unit': unitFindings,
  'types.Dropin': (dropin) =>
    found('name', !text(dropin, 'name').endsWith('.conf') && 'invalid systemd drop-in extension'),
  'types.Disk': diskFindings,
  'types.Partition': partitionFindings,
  'types.Filesystem': filesystemFindings,
  'types.Raid': raidFindings,
  'types.Luks': luksFindings,
  'types.Custom': customFindings,
  'types.Tang': tangFindings,
  'types.Storage': storageFindings,
};

const UNIT_NAME = /\.(?:service|socket|device|mount|automount|swap|target|path|timer|snapshot|slice|scope)$/;

function found(field: string, problem: string | false | undefined): Finding[] {
  return problem ? [{ at: [field], message: problem }] : [];
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'path not specified';
  if (!path.startsWith('/')) return 'path not absolute';
  return cleanPath(path) === path ? undefined : 'path is not fully simplified';
}

const cleanPath = (path: string) => {
  const clean = posix.normalize(path);
  return clean.length > 1 ? clean.replace(/\/$/, '') : clean;
};

const nodeFindings = (node: JsonObject) => found('path', pathProblem(text(node, 'path')));

function ownerFindings(owner: JsonObject): Finding[] {
  return owner.id !== undefined && text(owner, 'name') !== ''
    ? [{ at: [], message: 'cannot set both id and name' }]
    : [];
}

function modeFindings({ mode }: JsonObject): Finding[] {
  if (typeof mode !== 'number') return [];
  const special = 'setuid/setgid/sticky bits are not supported in spec versions older than 3.4.0';
  return [
    ...found('mode', (mode < 0 || mode > 0o7777) && 'illegal file mode'),
    ...found('mode', (mode & 0o7000) !== 0 && special).map((finding) => ({ ...finding, isWarning: true })),
  ];
}

function urlOf(source: string): GoUrl | undefined {
  try {
    return parseUrl(source);
  } catch (error) {
    if (error instanceof UrlError) return undefined;
    throw error;
  }
}

function sourceProblem(source: string): string | undefined {
  const url = urlOf(source);
  if (!url) return 'unable to parse url';
  if (url.scheme === 'data') return dataUrlProblem(source);
  if (url.scheme === 's3' && /[?&]versionId=?(?:&|$)/.test(source)) return 'invalid S3 object VersionId';
  return ['http', 'https', 'tftp', 's3'].includes(url.scheme) ? undefined : 'invalid url scheme';
}

function resourceFindings(resource: JsonObject): Finding[] {
  const source = text(resource, 'source');
  const hash = (resource.verification as JsonObject | undefined)?.hash;
  const isNameless = hash !== undefined && resource.source === undefined;
  const headers: Finding[] =
    objects(resource, 'httpHeaders').length === 0 ? [] : found('httpHeaders', headersProblem(source));
  return [
    ...found('compression', !['', 'gzip'].includes(text(resource, 'compression')) && 'invalid compression method'),
    ...(isNameless
      ? [{ at: ['verification', 'hash'], message: 'source must be specified if verification is specified' }]
      : []),
    ...found('source', source !== '' && sourceProblem(source)),
    ...headers,
  ];
}

function headersProblem(source: string): string | undefined {
  const url = source === '' ? undefined : urlOf(source);
  if (!url) return 'unable to parse url';
  return ['http', 'https'].includes(url.scheme) ? undefined : 'cannot use HTTP headers with this source scheme';
}

function hashProblem(hash: string): string | undefined {
  const [, kind, sum] = /^([^-]*)-(.*)$/s.exec(hash) ?? [];
  if (kind === undefined) return 'malformed hash specifier';
  const length = { sha512: 128, sha256: 64 }[kind];
  if (length === undefined) return 'unrecognized hash function';
  return Buffer.byteLength(sum!) === length ? undefined : 'incorrect size for hash sum';
}

function sourcesRequired(value: JsonObject, list: string): Finding[] {
  return objects(value, list).flatMap((resource, i) => {
    const source = text(resource, 'source');
    const message = source === '' ? 'source is required' : sourceProblem(source);
    return message === undefined ? [] : [{ at: [list, i], message }];
  });
}

function proxyFindings(proxy: JsonObject, field: 'httpProxy' | 'httpsProxy'): Finding[] {
  if (proxy[field] === undefined) return [];
  const url = urlOf(text(proxy, field));
  if (!url) return found(field, 'unable to parse url');
  if (!['http', 'https'].includes(url.scheme)) return found(field, 'proxies must be http(s)');
  const isInsecure = url.scheme === 'http' && field === 'httpsProxy';
  const message = 'insecure plaintext HTTP proxy specified for HTTPS resources';
  return isInsecure ? [{ at: [field], message, isWarning: true }] : [];
}

function diskFindings(disk: JsonObject): Finding[] {
  const device = text(disk, 'device');
  if (device === '') return found('device', 'disk device is required');
  const partitions = objects(disk, 'partitions');
  const collision = (message: string, keys: readonly unknown[]): Finding[] => {
    const at = keys.findIndex((key, i) => key !== undefined && keys.indexOf(key) < i);
    return at < 0 ? [] : [{ at: ['partitions', at], message }];
  };
  const isMixed =
    partitions.some(({ shouldExist }) => shouldExist === false) && partitions.some(({ number }) => !number);
  return [
    ...found('device', pathProblem(device)),
    ...collision(
      'partition numbers collide',
      partitions.map(({ number }) => number || undefined),
    ),
    ...overlapFindings(partitions),
    ...found(
      'partitions',
      isMixed && 'shouldExist is false for a partition and other partition(s) has start or size 0',
    ),
    ...collision(
      'cannot use the same partition label twice',
      partitions.map(({ label }) => label),
    ),
  ];
}

function overlapFindings(partitions: readonly JsonObject[]): Finding[] {
  const ranges = partitions.map(({ startMiB, sizeMiB }) => {
    if (typeof startMiB !== 'number' || typeof sizeMiB !== 'number' || startMiB === 0) return undefined;
    return { start: startMiB, end: sizeMiB === 0 ? startMiB : startMiB + sizeMiB - 1 };
  });
  for (const [p, one] of ranges.entries()) {
    const at = ranges.findIndex(
      (other, o) => one && other && o !== p && one.start <= other.end && one.end >= other.start,
    );
    if (at >= 0) return [{ at: ['partitions', at], message: 'partitions overlap' }];
  }
  return [];
}

const GUID = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?$/i;

function partitionFindings(partition: JsonObject): Finding[] {
  const { label, number, shouldExist, startMiB, sizeMiB } = partition;
  const [guid, typeGuid] = [text(partition, 'guid'), text(partition, 'typeGuid')];
  const isDescribed = [label, startMiB, sizeMiB].some((value) => value !== undefined) || guid !== '' || typeGuid !== '';
  const whole = (problem: string | false): Finding[] => (problem ? [{ at: [], message: problem }] : []);
  const badGuid = 'doesn\'t match the form "01234567-89AB-CDEF-EDCB-A98765432101"';
  return [
    ...whole(shouldExist === false && isDescribed && 'shouldExist specified false with other options also specified'),
    ...whole(!number && label === undefined && 'a partition number >= 1 or a label must be specified'),
    ...found(
      'label',
      Buffer.byteLength(text(partition, 'label')) > 36
        ? 'partition labels may not exceed 36 characters'
        : text(partition, 'label').includes(':') && 'partition label will be truncated to text before the colon',
    ),
    ...found('guid', !GUID.test(guid) && badGuid),
    ...found('typeGuid', !GUID.test(typeGuid) && badGuid),
  ];
}

/** Longest labels by format. */
const LABELS: Readonly<Record<string, number>> = { ext4: 16, btrfs: 256, xfs: 12, swap: 15, vfat: 11 };

function filesystemFindings(filesystem: JsonObject): Finding[] {
  const [path, label, format] = ['path', 'label', 'format'].map((field) => text(filesystem, field)) as [
    string,
    string,
    string,
  ];
  const isDescribed =
    path !== '' ||
    label !== '' ||
    text(filesystem, 'uuid') !== '' ||
    filesystem.wipeFilesystem === true ||
    objects(filesystem, 'mountOptions').length + objects(filesystem, 'options').length > 0;
  const lacking =
    'format cannot be empty when path, label, uuid, wipeFilesystem, options, or mountOptions is specified';
  const longest = LABELS[format];
  const isLong = longest !== undefined && Buffer.byteLength(label) > longest;
  return [
    ...found('path', path !== '' && pathProblem(path)),
    ...found('device', pathProblem(text(filesystem, 'device'))),
    ...found('format', format === '' ? isDescribed && lacking : longest === undefined && 'invalid filesystem format'),
    ...found(
      'label',
      label !== '' &&
        (format === ''
          ? 'filesystem must specify format if label is specified'
          : isLong && `filesystem labels cannot be longer than ${longest} characters when using ${format}`),
    ),
  ];
}

const STRIPES = ['linear', 'raid0', '0', 'stripe'];
const LEVELS = ['raid1', '1', 'mirror', 'raid4', '4', 'raid5', '5', 'raid6', '6', 'raid10', '10'];

function raidFindings(raid: JsonObject): Finding[] {
  const level = text(raid, 'level');
  const devices = (raid.devices as string[] | undefined) ?? [];
  const isStripe = STRIPES.includes(level);
  return [
    ...found(
      'level',
      isStripe
        ? Boolean(raid.spares) && 'spares unsupported for linear and raid0 arrays'
        : !LEVELS.includes(level) && 'unrecognized raid level',
    ),
    ...found('devices', devices.length === 0 && 'raid devices required'),
    ...devices.flatMap((device, i) => {
      const message = pathProblem(device);
      return message === undefined ? [] : [{ at: ['devices', i], message }];
    }),
  ];
}

/** As of the other types that only 3.2.0 has: its findings are not told one by one. */
function luksFindings(luks: JsonObject): Finding[] {
  const device = text(luks, 'device');
  const clevis = (luks.clevis as JsonObject | undefined) ?? {};
  const isMixed =
    clevis.custom !== undefined && Boolean(objects(clevis, 'tang').length || clevis.tpm2 || clevis.threshold);
  return [
    ...found('name', text(luks, 'name').includes('/') && 'device names cannot contain slashes'),
    ...found(
      'label',
      Buffer.byteLength(text(luks, 'label')) > 47 && 'luks device labels cannot be longer than 47 characters',
    ),
    ...found('device', device === '' ? 'disk device is required' : pathProblem(device)),
    ...found('clevis', isMixed && 'cannot use custom clevis config with tpm2, tang, or threshold'),
  ];
}

function customFindings(custom: JsonObject): Finding[] {
  const [pin, config] = [text(custom, 'pin'), text(custom, 'config')];
  if (pin === '' && config === '') return [];
  return [
    ...found('pin', !['tpm2', 'tang', 'sss'].includes(pin) && 'unsupported clevis pin'),
    ...found('config', config === '' && 'missing required custom clevis config'),
  ];
}

function tangFindings(tang: JsonObject): Finding[] {
  const url = urlOf(text(tang, 'url'));
  return [
    ...found('url', url ? !['http', 'https'].includes(url.scheme) && 'invalid url scheme' : 'unable to parse url'),
    ...found('thumbprint', text(tang, 'thumbprint') === '' && 'thumbprint is required'),
  ];
}

function unitFindings(unit: JsonObject): Finding[] {
  const [name, contents] = [text(unit, 'name'), text(unit, 'contents')];
  const isUseless = unit.enabled === true && contents !== '' && !/^\s*\[Install\]/m.test(contents);
  const message = `unit ${JSON.stringify(name)} is enabled, but has no install section so enable does nothing`;
  return [
    ...found('name', !UNIT_NAME.test(name) && 'invalid systemd unit extension'),
    ...(isUseless ? [{ at: ['contents'], message, isWarning: true }] : []),
  ];
}

function storageFindings(storage: JsonObject): Finding[] {
  const [directories, files, links] = ['directories', 'files', 'links'].map((list) => objects(storage, list)) as [
    JsonObject[],
    JsonObject[],
    JsonObject[],
  ];
  const through = (list: string, nodes: readonly JsonObject[], message: string): Finding[] =>
    nodes.flatMap((node, i) =>
      links
        .filter((link) => text(node, 'path').startsWith(`${text(link, 'path')}/`))
        .map(() => ({ at: [list, i], message })),
    );
  const hard = links.flatMap((link, i) => {
    const target = posix.normalize(text(link, 'target'));
    const path = target.startsWith('/') ? target : posix.join(text(link, 'path'), text(link, 'target'));
    const isDirectory = link.hard === true && directories.some((directory) => directory.path === path);
    return isDirectory ? [{ at: ['links', i], message: 'hard link target is a directory' }] : [];
  });
  return [
    ...through('directories', directories, 'directory path includes link in config'),
    ...through('files', files, 'file path includes link in config'),
    ...through('links', links, 'link path includes link in config'),
    ...hard,
  ];
}
