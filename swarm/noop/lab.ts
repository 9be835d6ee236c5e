/**
 * The namespaces in which the no-op hosts of a thread live, seen from that thread. Their only way out is a socket of ours, so
 * what they send is seen here, and they end with us however we end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TlsOptions } from '../plan/connections.ts';
import type { HostFigures, HostPlace } from '../telemetry/process-figures.ts';
import type { DialOptions } from '../transport/dialer.ts';
import { isLoopback, serviceAddress } from './addresses.ts';
import { makeLabFolder } from './lab-folder.ts';
import type { FromLab, HostFile, HostStart, LabSetup, ToLab } from './lab-protocol.ts';
import { isOutside, outsideRefusal } from './outside.ts';
import { exitName, type ProcessSample } from './process-sampler.ts';
import { type ConnectionListener, Relay } from './relay.ts';

/** What a lab tells of one of its hosts. */
export interface HostListener {
  /** A replaced command tells what happened. */
  onEvent(words: readonly string[], files: readonly string[]): void;
  /** A connection to the service is being opened. @returns who is told of what goes over it */
  onConnection(): ConnectionListener;
  /** All processes have ended. @param message why, when nobody asked for it */
  onEnded(message: string | undefined): void;
}

export interface LabOptions extends Omit<LabSetup, 'relay' | 'lookMs'> {
  /** Hosts may reach what is not on this machine; false when absent. */
  outside?: boolean | undefined;
  /** Told once when the lab cannot be or has ended, and of whatever else goes wrong. */
  warn: (message: string) => void;
  /** How the services of hosts are dialled. */
  dial: DialOptions;
  /** Default: 10 s. */
  lookMs?: number;
  /** The lab has ended by itself: none of its hosts lives any more. Told once. */
  onLost?: (message: string) => void;
  /** What the processes of its hosts and its own have taken so far, every few seconds. */
  onFigures?: (figures: LabFigures) => void;
}

export interface LabFigures extends Pick<ProcessSample, 'lab'> {
  /** Those that have a place. */
  hosts: (HostPlace & HostFigures)[];
}

/** A service as the hosts of a lab reach it. */
export interface Reach {
  /** Its base URL there: as it was given, unless that names this machine itself. */
  url: string;
  /** Line of `/etc/hosts` that the URL needs; '' for none. */
  hosts: string;
  /** PEM that its certificate is to be trusted by; '' where it has none, or one of its own. */
  ca: string;
}

/** How a lab gets to a service. */
export interface Way {
  /** Where it really is, when its URL names what only hosts of the lab know: it is a part of their own world, and not looked into. */
  at?: { host: string; port: number };
  /** How its certificate is verified; by the system's authorities unless given. */
  tls?: TlsOptions | undefined;
}

/** Wall-clock milliseconds that a lab gets to end by itself. */
const STOP_LIMIT_MS = 2000;
/** Wall-clock milliseconds between two looks at all processes and files of hosts. */
const LOOK_MS = 10_000;
/** Where tools are that not every user has on PATH: `pivot_root`, and `ip` of some distributions. */
const SYSTEM_TOOLS = '/usr/sbin:/sbin';
/** Characters of the lab's error output that are kept for the message when it ends. */
const KEPT_OUTPUT = 2000;

/** What hosts need of a lab. */
export type LabAccess = Pick<Lab, 'reach' | 'start' | 'append' | 'kill' | 'stop'>;

export class Lab {
  readonly #options: LabOptions;
  readonly #folder: string;
  readonly #relayPath: string;
  readonly #listeners = new Map<number, HostListener>();
  /** Hosts of which something is left: a slot is another's when nothing is. */
  readonly #gone = new Map<number, PromiseWithResolvers<void>>();
  /** By slot. */
  readonly #places = new Map<number, HostPlace>();
  readonly #relay: Relay;
  readonly #reaches = new Map<string, Promise<Reach>>();
  readonly #reached = new Map<string, (message: string | undefined) => void>();
  #child: ChildProcess | null = null;
  #ready: Promise<void> | null = null;
  #stopped = false;
  /** Why it has ended by itself. */
  #lost: Error | null = null;

  constructor(options: LabOptions) {
    this.#options = options;
    const { folder, relay } = makeLabFolder();
    this.#folder = folder;
    this.#relayPath = relay;
    const { dial, warn } = options;
    this.#relay = new Relay({
      path: relay,
      dial,
      onConnection: (slot) => this.#listeners.get(slot)?.onConnection() ?? null,
      warn,
    });
  }

  /** Makes the namespaces; repeated calls wait for the same. @throws Error that says what the machine refuses */
  open(): Promise<void> {
    if (this.#lost) return Promise.reject(this.#lost);
    if (this.#stopped) return Promise.reject(new Error('the no-op hosts of this thread have been ended'));
    this.#ready ??= this.#open();
    return this.#ready;
  }

  /**
   * Lets hosts of the lab reach a service; repeated calls give the same.
   * @throws Error when the lab cannot be, or cannot carry the service's address, or hosts may not reach it
   */
  async reach(baseUrl: string, way: Way = {}): Promise<Reach> {
    if (!this.#options.outside && (way.at ? !isLoopback(way.at.host) : isOutside(baseUrl)))
      throw new Error(outsideRefusal('the service', baseUrl));
    await this.open();
    const { origin } = new URL(baseUrl);
    const { ca, insecure } = way.tls ?? {};
    const key = JSON.stringify([origin, ca, insecure]);
    let reach = this.#reaches.get(key);
    if (!reach) {
      reach = this.#reach(new URL(origin), this.#reaches.size, way);
      this.#reaches.set(key, reach);
    }
    const reached = await reach;
    return { ...reached, url: reached.url + baseUrl.slice(origin.length) };
  }

  async #reach(origin: URL, number: number, { at, tls }: Way): Promise<Reach> {
    const host = origin.hostname.replace(/^\[|\]$/g, '');
    const secure = origin.protocol === 'https:';
    const port = Number(origin.port) || (secure ? 443 : 80);
    const here = isLoopback(host);
    const address = isIPv4(host) && !here ? host : serviceAddress(number);
    const key = `${address}:${port}`;
    const target = { host, port, ...at, isService: !at, tls: secure && !at ? (tls ?? {}) : null };
    const ca = await this.#relay.open(key, target, [host, address]);
    const refusal = await new Promise<string | undefined>((resolve) => {
      this.#reached.set(key, resolve);
      this.#send({ type: 'reach', address, port });
    });
    if (refusal !== undefined) throw new Error(`no-op hosts cannot reach ${origin.origin}: ${refusal}`);
    const named = isIP(host) === 0 && !here;
    return {
      url: here || isIPv6(host) ? `${origin.protocol}//${key}` : origin.origin,
      hosts: named ? `${address} ${host}\n` : '',
      ca,
    };
  }

  /** Boots a host, when the one before it in its slot has ended. @throws Error when the lab cannot be */
  async start(host: HostStart, listener: HostListener): Promise<void> {
    await this.open();
    const { slot } = host;
    for (let former = this.#gone.get(slot); former; former = this.#gone.get(slot)) await former.promise;
    this.#gone.set(slot, Promise.withResolvers());
    this.#listeners.set(slot, listener);
    if (host.place) this.#places.set(slot, host.place);
    this.#send({ type: 'start', host });
  }

  /** Appends to a file of a host, which is made when it is not there. Nothing for a host that does not run. */
  append(slot: number, file: HostFile): void {
    if (this.#listeners.has(slot)) this.#send({ type: 'append', slot, file });
  }

  /** Kills the agent of a host, whose init goes by what it was told to do then. Nothing for a host that does not run. */
  kill(slot: number): void {
    if (this.#listeners.has(slot)) this.#send({ type: 'kill', slot });
  }

  /** Ends all processes of a host at once; its listener is told when that is done. */
  stop(slot: number): void {
    if (this.#listeners.has(slot)) this.#send({ type: 'stop', slot });
  }

  /** Ends the lab with all hosts. */
  async close(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      // Not before all that it has said was read.
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.stdin!.end();
      const forced = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(forced);
    }
    await this.#relay.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #open(): Promise<void> {
    const relay = this.#relayPath;
    const { patches, programs, manifests, logs, watch = false, lookMs = LOOK_MS } = this.#options;
    mkdirSync(logs, { recursive: true });
    await this.#relay.listen();
    const main = fileURLToPath(new URL(`./lab-main${extname(import.meta.url)}`, import.meta.url));
    const child = spawn(
      'unshare',
      [
        ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
        ...[
          '--mount',
          '--net',
          '--pid',
          '--ipc',
          '--uts',
          '--fork',
          '--kill-child=SIGKILL',
          '--propagation',
          'private',
        ],
        // Process 1 reaps what nobody waits for, which Node does not.
        ...['--', 'sh', '-c', 'mount -t proc proc /proc; "$@"; exit $?', 'lab', process.execPath, main],
      ],
      // Nothing of our own environment reaches the programs of a host.
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
        env: { PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:${SYSTEM_TOOLS}` },
      },
    );
    this.#child = child;
    child.stdin!.on('error', () => {});
    let output = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
    await new Promise<void>((resolve, reject) => {
      const lost = (how: string) => {
        const message = `the no-op hosts' namespaces ${how}${output ? `: ${output.trim().split('\n').slice(-5).join(' | ')}` : ''}`;
        this.#lost = new Error(message);
        reject(this.#lost);
        for (const tell of this.#reached.values()) tell(message);
        const listeners = [...this.#listeners.values()];
        this.#listeners.clear();
        for (const gone of this.#gone.values()) gone.resolve();
        this.#gone.clear();
        if (this.#stopped) return;
        this.#stopped = true;
        this.#options.warn(message);
        this.#options.onLost?.(message);
        for (const listener of listeners) listener.onEnded(message);
      };
      child.once('error', (error) => lost(`cannot be made: ${error.message}`));
      // Process 1 passes on how the lab ended, as shells do.
      child.once('exit', (code, signal) => lost(endOf(signal ?? exitName(String(code)))));
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const message = JSON.parse(line) as FromLab;
        if (message.type === 'ready') resolve();
        else if (message.type === 'refused')
          reject(new Error(`the no-op hosts' namespaces cannot be made: ${message.message}`));
        else if (message.type === 'figures') this.#figures(message);
        else if (message.type === 'warning') this.#options.warn(message.message);
        else if (message.type === 'reached') this.#reached.get(`${message.address}:${message.port}`)?.(message.message);
        else this.#heard(message);
      });
      this.#send({ type: 'setup', setup: { patches, programs, manifests, logs, watch, relay, lookMs } });
    });
  }

  #figures({ hosts, lab }: ProcessSample): void {
    const placed = hosts.flatMap(({ slot, ...figures }) => {
      const place = this.#places.get(slot);
      return place ? [{ ...place, ...figures }] : [];
    });
    this.#options.onFigures?.({ hosts: placed, lab });
  }

  #heard(message: Extract<FromLab, { slot: number }>): void {
    const listener = this.#listeners.get(message.slot);
    if (message.type === 'event') listener?.onEvent(message.words, message.files ?? []);
    else {
      this.#listeners.delete(message.slot);
      this.#gone.get(message.slot)?.resolve();
      this.#gone.delete(message.slot);
      listener?.onEnded(message.message);
    }
  }

  #send(message: ToLab): void {
    this.#child?.stdin?.write(`${JSON.stringify(message)}\n`);
  }
}

/** @param how exit code or name of a signal */
function endOf(how: string): string {
  if (how === 'SIGKILL') return 'were killed by SIGKILL; the kernel does that when memory runs out';
  return how.startsWith('SIG') ? `were killed by ${how}` : `ended with exit code ${how}`;
}
