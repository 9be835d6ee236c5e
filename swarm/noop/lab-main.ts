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
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { addressOfName, type NamedCluster } from '../host/names.ts';
import { hostOfLink, linkAddress, NAME_SERVER } from './addresses.ts';
import { CONTROLLER_MANIFESTS } from './controller-pod.ts';
import { answerDns } from './dns.ts';
import { HostAccounts } from './host-accounts.ts';
import { fillHostFolder, isFull, makeHostFolder, removeHostFolder } from './host-folder.ts';
import { HostLog } from './host-log.ts';
import { drainJournal } from './journal-drain.ts';
import type { FromLab, HostFile, HostStart, LabNic, LabSetup, ToLab } from './lab-protocol.ts';
import { makeLabRoot } from './lab-root.ts';
import { NetworkPeers } from './network-peers.ts';
import { appendToOwnFile, readOwnFile } from './own-file.ts';

const run = promisify(execFile);

/** Characters of a host's output that are kept for the message when it ends by itself. */
const KEPT_OUTPUT = 500;

/** Of what all hosts see, mounts excluded: copies of some tools. */
const ROOT_BYTES = 64 * 1024 * 1024;

const say = (message: FromLab) => process.stdout.write(`${JSON.stringify(message)}\n`);

class Lab {
  readonly #setup: LabSetup;
  /** The folder in which everything is made: a tmpfs of this namespace. */
  readonly #folder: string;
  readonly #hosts = new Map<number, ChildProcess>();
  readonly #addresses = new Set<string>();
  readonly #names = new Map<number, NamedCluster>();
  readonly #peers: NetworkPeers;
  /** Folders that are being removed. */
  readonly #cleared = new Map<number, Promise<void>>();
  /** Hosts that have filled their file systems. */
  readonly #full = new Set<number>();
  #logFailed = false;
  readonly #accounts = new HostAccounts((sample) => say({ type: 'figures', ...sample }));

  constructor(setup: LabSetup) {
    this.#setup = setup;
    this.#folder = join(dirname(setup.relay), 'lab');
    this.#peers = new NetworkPeers(this.#root);
  }

  get #root(): string {
    return join(this.#folder, 'root');
  }

  async open(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', `mode=755,nosuid,nodev,size=${ROOT_BYTES}`, 'swarm', this.#folder]);
    await makeLabRoot(this.#root, this.#setup);
    await run('mkfifo', [join(this.#root, 'events')]);
    await run('ip', ['link', 'set', 'lo', 'up']);
    await this.#serveNames();
    const { watch, logs, lookMs } = this.#setup;
    drainJournal(join(this.#root, 'journal'), watch ? join(logs, 'journal.log') : null);
    this.#readEvents();
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
    try {
      return CONTROLLER_MANIFESTS.flatMap(
        (name) => readOwnFile(this.#hostFolder(slot), `opt/openshift/manifests/${name}`) ?? [],
      );
    } catch (error) {
      this.#warnOf(slot, error as Error);
      return [];
    }
  }

  /** What one host has made of its files is no other's matter. */
  #warnOf(slot: number, error: Error): void {
    say({ type: 'warning', message: `a file of the no-op host in slot ${slot} cannot be used: ${error.message}` });
  }

  async start(host: HostStart): Promise<void> {
    const { slot, names, nics } = host;
    if (names) this.#names.set(slot, names);
    const folder = this.#hostFolder(slot);
    await this.#cleared.get(slot);
    await makeHostFolder(folder);
    fillHostFolder(folder, host, (network, peers) => this.#peers.meet(network, peers));
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
      // It may come in any pieces.
      last = (last + text.toString('utf8')).slice(-KEPT_OUTPUT);
    });
    // Not before all that it has said was read.
    child.once('close', (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      const said = last.trim();
      this.#ended(slot, child, said === '' ? how : `${how}: ${said}`);
    });
    child.once('error', (error) => this.#ended(slot, child, error.message));
    await new Promise<void>((resolve) => {
      child.stdout!.once('data', () => resolve());
      child.once('close', () => resolve());
    });
    if (this.#hosts.get(slot) !== child) return;
    await this.#link(slot, nics, child.pid!, join(folder, 'boot/links'));
    child.stdin!.end('go\n');
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

  append(slot: number, { path, text }: HostFile): void {
    if (!this.#hosts.has(slot)) return;
    try {
      appendToOwnFile(this.#hostFolder(slot), path, text);
    } catch (error) {
      this.#warnOf(slot, error as Error);
    }
  }

  async kill(slot: number): Promise<void> {
    for (const pid of await this.#accounts.find(slot, 'agent')) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
  }

  stop(slot: number): void {
    const child = this.#hosts.get(slot);
    if (!child) {
      say({ type: 'ended', slot });
      return;
    }
    this.#hosts.delete(slot);
    child.once('close', () => this.#clear(slot));
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
    else if (message.type === 'kill') void lab!.kill(message.slot);
    else lab!.stop(message.slot);
  })
  .on('close', () => {
    lab?.close();
    process.exit(0);
  });
