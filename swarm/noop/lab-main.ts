/**
 * The lab: process 2 of namespaces in which the hosts of one thread live. It has no other way to the outside than the relay's
 * socket, and all of it goes when its standard input closes.
 *
 *     lab's network            host 7's network
 *     lo  198.18.0.1 ◄─────────── v7 ═══ eth0  100.64.0.8 (on lo), addresses of the inventory
 *     relay :port ──► socket of the thread ──► the service
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { addressOfName, type NamedCluster } from '../host/names.ts';
import { hostOfLink, linkAddress, NAME_SERVER } from './addresses.ts';
import { CONTROLLER_MANIFESTS } from './controller-pod.ts';
import { answerDns } from './dns.ts';
import { HostAccounts } from './host-accounts.ts';
import { isFull, makeHostFolder, removeHostFolder } from './host-folder.ts';
import { HostLog } from './host-log.ts';
import type { FromLab, HostFile, HostStart, LabNic, LabSetup, ToLab } from './lab-protocol.ts';
import { TOOLS } from './programs.ts';

const run = promisify(execFile);

/** Folders of shared libraries, where the machine has them. */
const LIBRARIES = ['usr/lib', 'usr/lib64'];
/** Where a host's own files are seen by everybody else's names for them. */
const OWN = ['etc', 'opt', 'root', 'run', 'sys', 'tmp', 'var'];

/** Of a host: who else is in its network. */
const PEERS = 'answers/peers';

/** Of every host. */
const FOLDERS = [
  'boot',
  'run/systemd/journal',
  'root',
  'tmp',
  'opt',
  'var/log',
  'etc',
  'dev',
  'sys/class/net',
  'sys/devices/virtual/net/lo',
];
/** Those of the machine that hosts may use. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom'];

/** What leads from a host to them. */
const LINKS = DEVICES.map((device) => [`dev/${device}`, `/devices/${device}`] as const);

/** Reads datagrams and keeps them in a file when one is given. */
const DRAIN = [
  'socket(S, PF_UNIX, SOCK_DGRAM, 0) or die $!; bind(S, sockaddr_un($ARGV[0])) or die $!; chmod 0666, $ARGV[0];',
  'if ($ARGV[1]) { open(F, ">>", $ARGV[1]) or die $!; }',
  'while (1) { recv(S, $b, 65536, 0); syswrite(F, $b) if $ARGV[1]; }',
].join(' ');

/** Of what all hosts see, mounts excluded: copies of some tools. */
const ROOT_BYTES = 64 * 1024 * 1024;

/** Wall-clock milliseconds before what takes journald's lines is started again, and how often it is. */
const DRAIN_AGAIN_MS = 1000;
const DRAIN_STARTS = 10;

/** Characters of a host's output that are kept for the message when it ends by itself. */
const KEPT_OUTPUT = 500;

const say = (message: FromLab) => process.stdout.write(`${JSON.stringify(message)}\n`);

class Lab {
  readonly #setup: LabSetup;
  /** The folder in which everything is made: a tmpfs of this namespace. */
  readonly #folder: string;
  readonly #hosts = new Map<number, ChildProcess>();
  readonly #addresses = new Set<string>();
  readonly #names = new Map<number, NamedCluster>();
  /** Hardware addresses of the hosts of a network, by their addresses. */
  readonly #networks = new Map<string, { file: string; peers: Map<string, string> }>();
  /** Folders that are being removed. */
  readonly #cleared = new Map<number, Promise<void>>();
  /** Hosts that have filled their file systems. */
  readonly #full = new Set<number>();
  #logFailed = false;
  readonly #accounts = new HostAccounts((sample) => say({ type: 'figures', ...sample }));

  constructor(setup: LabSetup) {
    this.#setup = setup;
    this.#folder = join(dirname(setup.relay), 'lab');
  }

  get #root(): string {
    return join(this.#folder, 'root');
  }

  async open(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', `mode=755,nosuid,nodev,size=${ROOT_BYTES}`, 'swarm', this.#folder]);
    await this.#makeRoot();
    await run('ip', ['link', 'set', 'lo', 'up']);
    await this.#serveNames();
    this.#drainJournal();
    this.#readEvents();
    const { lookMs } = this.#setup;
    this.#accounts.open(lookMs);
    setInterval(() => this.#lookForFull(), lookMs).unref();
  }

  #hostFolder(slot: number): string {
    return join(this.#folder, 'hosts', String(slot));
  }

  /** Tells what there is to tell at the end. */
  close(): void {
    this.#accounts.close();
  }

  /** Each host is told what the DNS of its network says. */
  async #serveNames(): Promise<void> {
    await run('ip', ['address', 'add', `${NAME_SERVER}/32`, 'dev', 'lo']);
    const socket = createSocket('udp4', (query, { address, port }) => {
      const names = this.#names.get(hostOfLink(address));
      const response = answerDns(query, (name) => (names ? addressOfName(name, names) : null));
      if (response) socket.send(response, port, address);
    });
    await new Promise<void>((resolve) => socket.bind(53, NAME_SERVER, resolve));
  }

  /** What all hosts see: replaced commands, stock programs, libraries, devices; and links to what is each one's own. */
  async #makeRoot(): Promise<void> {
    const { patches, programs, manifests } = this.#setup;
    const root = this.#root;
    for (const path of ['usr/bin', 'dev', 'devices', 'proc', 'host', 'patches', 'programs', 'peers'])
      mkdirSync(join(root, path), { recursive: true });
    for (const path of OWN) symlinkSync(`host/${path}`, join(root, path));
    for (const path of ['bin', 'sbin', 'usr/sbin'])
      symlinkSync(path.includes('/') ? 'bin' : 'usr/bin', join(root, path));
    for (const path of ['lib', 'lib64']) symlinkSync(`usr/${path}`, join(root, path));
    symlinkSync('/host/share', join(root, 'usr/share'));
    const binds: [string, string][] = [[patches, 'patches']];
    if (manifests !== null) binds.push([manifests, 'assisted-installer-controller/deploy']);
    for (const path of LIBRARIES) if (existsSync(`/${path}`)) binds.push([`/${path}`, path]);
    for (const device of DEVICES) binds.push([`/dev/${device}`, `devices/${device}`]);
    const files = [...new Set(Object.values(programs))];
    for (const [index, file] of files.entries()) binds.push([file, `programs/${index}`]);
    for (const [from, to] of binds) {
      const target = join(root, to);
      if (statSync(from).isDirectory()) mkdirSync(target, { recursive: true });
      else writeFileSync(target, '');
      await run('mount', ['--bind', ...(to.startsWith('devices/') ? [] : ['-o', 'ro']), from, target]);
    }
    for (const tool of TOOLS) copyTool(tool, join(root, 'usr/bin'));
    // Outside of any PATH: what a host needs once, before its own life begins.
    mkdirSync(join(root, 'machine'));
    for (const tool of ['umount', 'setpriv']) copyTool(tool, join(root, 'machine'));
    for (const folder of ['agent', 'installer', 'controller']) {
      for (const command of readdirSync(join(patches, folder))) {
        symlinkSync(`/patches/${folder}/${command}`, join(root, 'usr/bin', command));
      }
    }
    for (const [name, file] of Object.entries(programs)) {
      symlinkSync(`/programs/${files.indexOf(file)}`, join(root, 'usr/bin', name));
    }
    await run('mkfifo', [join(root, 'events')]);
  }

  /** Hosts reach the outside at this address and port from now on. */
  async reach(address: string, port: number): Promise<void> {
    if (!this.#addresses.has(address)) await run('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']);
    this.#addresses.add(address);
    await this.#listen(address, port);
  }

  #listen(address: string, port: number): Promise<void> {
    const { relay } = this.#setup;
    const server = createServer({ allowHalfOpen: true }, (inner) => {
      const slot = hostOfLink(inner.remoteAddress ?? '');
      const outer = connect({ path: relay, allowHalfOpen: true });
      outer.write(`${slot} ${address}:${port}\n`);
      joined(inner, outer);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    });
  }

  /**
   * Takes what programs tell journald. Without a socket there each line becomes a complaint in what they answer; Node has no
   * datagram sockets of this kind, perl is a part of every Debian.
   */
  #drainJournal(starts = DRAIN_STARTS): void {
    const { watch, logs } = this.#setup;
    const socket = join(this.#root, 'journal');
    rmSync(socket, { force: true });
    const kept = watch ? [join(logs, 'journal.log')] : [];
    const child = spawn('perl', ['-MSocket', '-e', DRAIN, socket, ...kept], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', () => {});
    child.once('exit', () => {
      if (starts > 1) setTimeout(() => this.#drainJournal(starts - 1), DRAIN_AGAIN_MS).unref();
    });
  }

  #readEvents(): void {
    // For reading and writing, so that it does not end with the last writer.
    const pipe = new Socket({ fd: openSync(join(this.#root, 'events'), 'r+'), readable: true, writable: false });
    createInterface({ input: pipe }).on('line', (line) => {
      const [slot, ...words] = line.split(' ');
      this.#accounts.heard(Number(slot), words);
      say({
        type: 'event',
        slot: Number(slot),
        words,
        ...(words[0] === 'bootkube-started' && { files: this.#controllerManifests(Number(slot)) }),
      });
    });
  }

  /** Texts of the controller's manifests, as the host's installer has written them. */
  #controllerManifests(slot: number): string[] {
    const folder = join(this.#hostFolder(slot), 'opt/openshift/manifests');
    return CONTROLLER_MANIFESTS.map((name) => join(folder, name))
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'utf8'));
  }

  async start(host: HostStart): Promise<void> {
    const { slot, names, nics } = host;
    if (names) this.#names.set(slot, names);
    const folder = this.#hostFolder(slot);
    await this.#cleared.get(slot);
    await makeHostFolder(folder);
    this.#fill(folder, host);
    const machine = join(this.#root, 'patches/machine');
    const boot = ['sh', join(machine, 'boot'), 'network', this.#root, folder, host.hostname];
    const commands = join(this.#setup.logs, `host-${slot}.commands`);
    const [program, ...args] = [
      ...(this.#setup.watch ? ['perl', join(machine, 'watch'), commands] : []),
      ...['unshare', '--mount', '--net', '--uts', '--ipc', '--', ...boot],
    ];
    const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#hosts.set(slot, child);
    this.#accounts.up(host, child.pid ?? 0);
    const log = new HostLog(join(this.#setup.logs, `host-${slot}.log`));
    let last = '';
    child.stderr!.on('data', (text: Buffer) => {
      this.#keep(log, text);
      last = text.toString('utf8').slice(-KEPT_OUTPUT).trim();
    });
    child.once('exit', (code, signal) => this.#ended(slot, child, `${signal ?? `exit code ${code}`}: ${last}`));
    child.once('error', (error) => this.#ended(slot, child, error.message));
    await new Promise<void>((resolve) => {
      child.stdout!.once('data', () => resolve());
      child.once('exit', () => resolve());
    });
    if (this.#hosts.get(slot) !== child) return;
    await this.#link(slot, nics, child.pid!, join(folder, 'boot/links'));
    child.stdin!.end('go\n');
  }

  /** Adds to the peers of a network. @param text a line `ADDRESS MAC` each @returns where its hosts find them all */
  #meet(network: string, text: string): string {
    let known = this.#networks.get(network);
    if (!known) {
      known = { file: `/peers/${this.#networks.size}`, peers: new Map() };
      this.#networks.set(network, known);
    }
    const { file, peers } = known;
    for (const line of text.split('\n').filter((one) => one !== '')) {
      const [address, mac] = line.split(' ') as [string, string];
      peers.set(address, mac);
    }
    const lines = [...peers].map(([address, mac]) => `${address} ${mac}\n`);
    // Whoever reads it meanwhile reads the former one.
    const path = join(this.#root, file);
    writeFileSync(`${path}.new`, lines.join(''));
    renameSync(`${path}.new`, path);
    return file;
  }

  /** A full disk costs output, and no host its life. */
  #keep(log: HostLog, text: Buffer): void {
    try {
      log.write(text);
    } catch (error) {
      if (this.#logFailed) return;
      this.#logFailed = true;
      say({
        type: 'warning',
        message: `what no-op hosts write cannot be kept, and is lost from now on where it fails: ${(error as Error).message}`,
      });
    }
  }

  /** Makes a host's own files. */
  #fill(folder: string, host: HostStart): void {
    for (const path of FOLDERS) mkdirSync(join(folder, path), { recursive: true });
    for (const [path, target] of LINKS) symlinkSync(target, join(folder, path));
    for (const file of this.#filesOf(host)) {
      const path = join(folder, file.path);
      mkdirSync(dirname(path), { recursive: true });
      if (file.path === PEERS && host.network !== undefined) symlinkSync(this.#meet(host.network, file.text), path);
      else if (file.link !== undefined) symlinkSync(file.link, path);
      else writeFileSync(path, file.text);
    }
    symlinkSync('/journal', join(folder, 'run/systemd/journal/socket'));
    // What has no such link counts as a physical NIC: assisted-installer-agent, src/util/network_interface.go, IsPhysical.
    symlinkSync('../../devices/virtual/net/lo', join(folder, 'sys/class/net/lo'));
    for (const device of host.devices) {
      const path = join(folder, 'dev', device);
      mkdirSync(dirname(path), { recursive: true });
      if (!lstatSync(path, { throwIfNoEntry: false })) writeFileSync(path, '');
    }
  }

  /** Gives its NICs to a process of a host. @param file for what `ip` is told */
  async #link(slot: number, nics: readonly LabNic[], process: number, file: string): Promise<void> {
    const [first, ...others] = nics;
    const batch = [
      `link add v${slot} type veth peer name ${first!.name} address ${first!.mac} mtu ${first!.mtu} netns ${process}`,
      `link set v${slot} up`,
      `route add ${linkAddress(slot)}/32 dev v${slot}`,
      ...others.flatMap(({ name, mac, mtu }, index) => [
        `link add w${slot}x${index} type veth peer name ${name} address ${mac} mtu ${mtu} netns ${process}`,
        `link set w${slot}x${index} up`,
      ]),
    ];
    writeFileSync(file, `${batch.join('\n')}\n`);
    await run('ip', ['-batch', file]);
  }

  #filesOf({ slot, nics, files, command, environment, restart, outside = [] }: HostStart): HostFile[] {
    const [first] = nics;
    const network = [
      'link set lo up',
      `address add ${linkAddress(slot)}/32 dev lo`,
      ...nics.flatMap(({ name, addresses }) => [
        `link set ${name} up`,
        ...addresses.map((address) => `address add ${address} dev ${name}`),
      ]),
      ...['default', ...outside.map((address) => `${address}/32`)].map(
        (target) => `route add ${target} dev ${first!.name} src ${linkAddress(slot)}`,
      ),
      // Nothing goes over it: the way to the lab needs no gateway, and is preferred.
      ...nics.flatMap(({ name, gateway }) =>
        gateway === undefined ? [] : [`route add default via ${gateway} dev ${name} onlink metric 100`],
      ),
    ];
    const lines = {
      ...environment,
      PATH: '/usr/bin',
      HOME: '/root',
      SWARM_HOST: String(slot),
      SWARM_RESTART: restart ? 'yes' : 'no',
    };
    return [
      { path: 'boot/network', text: `${network.join('\n')}\n` },
      {
        path: 'boot/environment',
        text: Object.entries(lines)
          .map(([key, value]) => `export ${key}=${quoted(value)}\n`)
          .join(''),
      },
      { path: 'boot/service', text: `exec ${command.map(quoted).join(' ')}\n` },
      ...files,
    ];
  }

  append(slot: number, { path, text }: HostFile): void {
    if (!this.#hosts.has(slot)) return;
    const file = join(this.#folder, 'hosts', String(slot), path);
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, text);
  }

  stop(slot: number): void {
    const child = this.#hosts.get(slot);
    if (!child) {
      say({ type: 'ended', slot });
      return;
    }
    this.#hosts.delete(slot);
    child.once('exit', () => this.#clear(slot));
    // With its init all processes of the host go.
    child.kill('SIGKILL');
  }

  #ended(slot: number, child: ChildProcess, message: string): void {
    if (this.#hosts.get(slot) !== child) return;
    this.#hosts.delete(slot);
    this.#clear(slot, message);
  }

  #clear(slot: number, message?: string): void {
    this.#accounts.down(slot);
    this.#full.delete(slot);
    const cleared = removeHostFolder(this.#hostFolder(slot))
      .catch((error: Error) =>
        say({ type: 'warning', message: `files of a no-op host stay until the end: ${error.message.trim()}` }),
      )
      .then(() => {
        this.#cleared.delete(slot);
        say({ type: 'ended', slot, ...(message !== undefined && { message }) });
      });
    this.#cleared.set(slot, cleared);
  }

  /** Tells once of each host that has filled its file system. */
  #lookForFull(): void {
    for (const slot of this.#hosts.keys()) {
      if (this.#full.has(slot) || !isFull(this.#hostFolder(slot))) continue;
      this.#full.add(slot);
      say({ type: 'event', slot, words: ['disk-full'] });
    }
  }
}

/** @throws Error when the machine has no such tool */
function copyTool(name: string, folder: string): void {
  const path = `/usr/bin/${name}`;
  if (!existsSync(path)) throw new Error(`no-op hosts need ${path}, which is not on this machine`);
  const target = join(folder, name);
  copyFileSync(realpathSync(path), target);
  chmodSync(target, 0o755);
}

/** Text as one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function joined(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}

let lab: Lab | undefined;
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line) as ToLab;
    if (message.type === 'setup') {
      lab = new Lab(message.setup);
      lab.open().then(
        () => say({ type: 'ready' }),
        (error: Error) => say({ type: 'refused', message: error.message.trim() }),
      );
    } else if (message.type === 'reach') {
      const { address, port } = message;
      lab!.reach(address, port).then(
        () => say({ type: 'reached', address, port }),
        (error: Error) => say({ type: 'reached', address, port, message: error.message.trim() }),
      );
    } else if (message.type === 'start') {
      const { slot } = message.host;
      lab!.start(message.host).catch((error: Error) => {
        say({ type: 'event', slot, words: ['failed', error.message] });
        lab!.stop(slot);
      });
    } else if (message.type === 'append') lab!.append(message.slot, message.file);
    else lab!.stop(message.slot);
  })
  .on('close', () => {
    lab?.close();
    process.exit(0);
  });
