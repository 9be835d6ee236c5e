/** Where a booting host gets its discovery image from, and what an iPXE script asks it to load. */

/** Plain data: it is handed to worker threads. */
export type BootSource =
  | {
      from: 'iso';
      /** As the service names it for the infra-env: a full or a minimal ISO. */
      url: string;
    }
  | {
      from: 'ipxe';
      /** Of the script. */
      url: string;
    };

/**
 * What a minimal ISO loads after it has booted: the image service writes it into the ISO's kernel arguments
 * (assisted-image-service, pkg/imagestore/imagestore.go, buildRootfsURL). Null for an ISO that has everything.
 * @throws RangeError for a URL that is not one of an image service's.
 */
export function rootfsOfIso(isoUrl: string): string | null {
  const url = new URL(isoUrl);
  const parts = url.pathname.split('/');
  // Short form: …/byid|byapikey|bytoken/<key>/<version>/<arch>/<type>.iso
  const short = parts.findIndex((part) => /^by(id|apikey|token)$/.test(part));
  // Long form: …/images/<id>?type=<type>-iso&version=…&arch=…
  const long = parts.lastIndexOf('images');
  const at = short >= 0 ? short : long;
  const [version, arch, minimal] =
    short >= 0
      ? [parts[short + 2], parts[short + 3], parts[short + 4] === 'minimal.iso']
      : [url.searchParams.get('version'), url.searchParams.get('arch'), url.searchParams.get('type') === 'minimal-iso'];
  if (at < 0 || !version) {
    throw new RangeError(`${url.origin}${url.pathname} is not the URL of an ISO of an image service`);
  }
  if (!minimal) return null;
  const query = new URLSearchParams({ arch: arch || 'x86_64', version });
  return `${url.origin}${parts.slice(0, at).join('/')}/boot-artifacts/rootfs?${query}`;
}

export interface IpxeScript {
  /** The script that follows this one; null when this one boots. */
  chain: string | null;
  /** In the order of the script. */
  loads: { kind: 'initrd' | 'kernel'; url: string }[];
  /** From the kernel's arguments: fetched by the live system. */
  rootfs: string | null;
  /** From the kernel's arguments (`ignition.config.url`): fetched by Ignition. The service's own scripts have it in the initrd. */
  ignition: string | null;
}

/** iPXE's setting with the address of its first NIC. */
const MAC = /\$\{net0\/mac\}/g;
/** Options of iPXE's image commands that take a value: ipxe, src/hci/commands/image_cmd.c. */
const VALUED_OPTIONS: ReadonlySet<string> = new Set(['--name', '-n', '--timeout', '-t']);

/**
 * The part of iPXE's language that the service's scripts use (assisted-service, internal/bminventory/inventory_v2_handlers.go,
 * ipxeBootScriptFormat and ipxeRedirectScriptFormat).
 * @param from URL of the script: others may be relative to it
 * @param mac of the interface that boots
 * @throws RangeError for a text that is not a script, or has nothing to boot.
 */
export function parseIpxeScript(text: string, from: string, mac: string): IpxeScript {
  if (!text.startsWith('#!ipxe')) throw new RangeError('it does not begin with #!ipxe');
  const script: IpxeScript = { chain: null, loads: [], rootfs: null, ignition: null };
  for (const line of text.split(/\r?\n/)) {
    const [command, ...words] = line.replace(MAC, mac).trim().split(/\s+/);
    if (command !== 'chain' && command !== 'kernel' && command !== 'initrd') continue;
    const [target, ...args] = withoutOptions(words);
    const url = target === undefined ? null : URL.parse(target, from)?.href;
    if (!url) throw new RangeError(`its line "${line.trim().slice(0, 80)}" names no URL`);
    if (command === 'chain') return { ...script, chain: url };
    script.loads.push({ kind: command, url });
    if (command !== 'kernel') continue;
    script.rootfs = argument(args, 'coreos.live.rootfs_url');
    script.ignition = argument(args, 'ignition.config.url');
  }
  if (!script.loads.some(({ kind }) => kind === 'kernel')) throw new RangeError('it loads no kernel');
  return script;
}

function withoutOptions(words: readonly string[]): string[] {
  let at = 0;
  while (words[at]?.startsWith('-')) at += VALUED_OPTIONS.has(words[at]!) ? 2 : 1;
  return words.slice(at);
}

function argument(args: readonly string[], name: string): string | null {
  return args.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
}
