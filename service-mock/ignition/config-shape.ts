/** What an ignition config consists of, as the types of its versions have it. Upstream: coreos/ignition, config/v3_1/types/schema.go and v3_2. */

export type Shape = { readonly go: string } | List | Struct;
export interface List {
  readonly of: Shape;
  /** Name of the type, for lists that have one. */
  readonly go?: string;
}
export interface Struct {
  readonly go: string;
  /** In the order of the type. */
  readonly fields: Readonly<Record<string, Shape>>;
  /** Names of embedded types by the fields that come from them. */
  readonly embedded?: Readonly<Record<string, string>>;
}

export const isList = (shape: Shape): shape is List => 'of' in shape;
export const isStruct = (shape: Shape): shape is Struct => 'fields' in shape;

const text: Shape = { go: 'string' };
const integer: Shape = { go: 'int' };
const flag: Shape = { go: 'bool' };
const named = (go: string): Shape => ({ go: `types.${go}` });
const list = (of: Shape, go?: string): List => ({ of, ...(go !== undefined && { go: `types.${go}` }) });
const struct = (go: string, fields: Readonly<Record<string, Shape>>): Struct => ({ go: `types.${go}`, fields });

const resource = struct('Resource', {
  compression: text,
  httpHeaders: list(struct('HTTPHeader', { name: text, value: text }), 'HTTPHeaders'),
  source: text,
  verification: struct('Verification', { hash: text }),
});
const ignition = struct('Ignition', {
  config: struct('IgnitionConfig', { merge: list(resource), replace: resource }),
  proxy: struct('Proxy', { httpProxy: text, httpsProxy: text, noProxy: list(named('NoProxyItem')) }),
  security: struct('Security', { tls: struct('TLS', { certificateAuthorities: list(resource) }) }),
  timeouts: struct('Timeouts', { httpResponseHeaders: integer, httpTotal: integer }),
  version: text,
});

/** A file, directory or link. */
function node(go: string, own: Readonly<Record<string, Shape>>): Struct {
  const common = {
    group: struct('NodeGroup', { id: integer, name: text }),
    overwrite: flag,
    path: text,
    user: struct('NodeUser', { id: integer, name: text }),
  };
  const from = (fields: object, name: string) => Object.fromEntries(Object.keys(fields).map((field) => [field, name]));
  return {
    ...struct(go, { ...common, ...own }),
    embedded: { ...from(common, 'Node'), ...from(own, `${go}Embedded1`) },
  };
}

const systemd = struct('Systemd', {
  units: list(
    struct('Unit', {
      contents: text,
      dropins: list(struct('Dropin', { contents: text, name: text })),
      enabled: flag,
      mask: flag,
      name: text,
    }),
  ),
});

const luks = struct('Luks', {
  clevis: struct('Clevis', {
    custom: struct('Custom', { config: text, needsNetwork: flag, pin: text }),
    tang: list(struct('Tang', { thumbprint: text, url: text })),
    threshold: integer,
    tpm2: flag,
  }),
  device: text,
  keyFile: resource,
  label: text,
  name: text,
  options: list(named('LuksOption')),
  uuid: text,
  wipeVolume: flag,
});

function storage(isLatest: boolean): Struct {
  const partition = struct('Partition', {
    ...{ guid: text, label: text, number: integer, ...(isLatest && { resize: flag }), shouldExist: flag },
    ...{ sizeMiB: integer, startMiB: integer, typeGuid: text, wipePartitionEntry: flag },
  });
  return struct('Storage', {
    directories: list(node('Directory', { mode: integer })),
    disks: list(struct('Disk', { device: text, partitions: list(partition), wipeTable: flag })),
    files: list(node('File', { append: list(resource), contents: resource, mode: integer })),
    filesystems: list(
      struct('Filesystem', {
        ...{ device: text, format: text, label: text, mountOptions: list(named('MountOption')) },
        ...{ options: list(named('FilesystemOption')), path: text, uuid: text, wipeFilesystem: flag },
      }),
    ),
    links: list(node('Link', { hard: flag, target: text })),
    ...(isLatest && { luks: list(luks) }),
    raid: list(
      struct('Raid', {
        ...{ devices: list(named('Device')), level: text, name: text, options: list(named('RaidOption')) },
        spares: integer,
      }),
    ),
  });
}

function passwd(isLatest: boolean): Struct {
  const latest = isLatest ? { shouldExist: flag } : {};
  return struct('Passwd', {
    groups: list(struct('PasswdGroup', { gid: integer, name: text, passwordHash: text, ...latest, system: flag })),
    users: list(
      struct('PasswdUser', {
        ...{ gecos: text, groups: list(named('Group')), homeDir: text, name: text, noCreateHome: flag },
        ...{ noLogInit: flag, noUserGroup: flag, passwordHash: text, primaryGroup: text },
        ...{ sshAuthorizedKeys: list(named('SSHAuthorizedKey')), shell: text, ...latest, system: flag, uid: integer },
      }),
    ),
  });
}

const config = (isLatest: boolean): Struct =>
  struct('Config', { ignition, passwd: passwd(isLatest), storage: storage(isLatest), systemd });

export const CONFIGS = { '3.1.0': config(false), '3.2.0': config(true) } as const;
