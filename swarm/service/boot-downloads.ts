/**
 * What a booting host downloads. Streamed and thrown away: a download is one piece of a socket's buffer at a time.
 *
 *    iso     HEAD ─> GET Range 0…n ─> GET Range n…2n ─> … ─> (minimal ISO) rootfs          a BMC's virtual media
 *    ipxe    script (─> chain) ─> initrd ─> kernel ─> rootfs (─> ignition)                  iPXE, then the live system
 *                                                       │
 *                                        HEAD until the server answers, every 5 s, for ever; then HEAD and GET,
 *                                        each again after 1, 2, 4, 8, 16 s when the answer may pass
 *
 * Of the rootfs: fedora-coreos-config, 35coreos-live/coreos-livepxe-rootfs.sh (curl --retry 5). BMCs and iPXE stop at the
 * first failure that asking again does not mend, and the firmware begins anew.
 */
import type { Socket } from 'node:net';
import { Agent, type buildConnector, request } from 'undici';
import type { BootKind } from '../../model/protocol/boot-kinds.ts';
import { type Clock, wallNow } from '../../model/time/clock.ts';
import type { BootLoad } from '../plan/expanded-plan.ts';
import type { RequestOutcome, Telemetry } from '../telemetry/telemetry.ts';
import { Dialer } from '../transport/dialer.ts';
import { kindOfSystemError } from '../transport/error-kinds.ts';
import type { HostLink } from '../transport/link/host-link.ts';
import { LinkPath } from '../transport/link/link-path.ts';
import { TransportError } from '../transport/transport.ts';
import { type BootSource, parseIpxeScript, rootfsOfIso } from './boot-source.ts';
import { ByteRate } from './byte-rate.ts';

/** The host cannot boot. The message says why, without tokens that URLs carry. */
export class BootFailed extends Error {
  /** The live system has given up: the firmware is not asked again. */
  readonly final: boolean;

  constructor(message: string, final: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BootFailed';
    this.final = final;
  }
}

export interface BootDownloaderOptions {
  /** Rates are by its seconds, and waits its milliseconds. */
  clock: Clock;
  telemetry: Pick<Telemetry, 'bootRequest' | 'bootWait' | 'bootDownload'>;
  /** Its total is what this downloader may take. */
  load: BootLoad;
}

/** How often a machine tries to boot from the network or its virtual media, and how long firmware takes in between. */
const BOOTS = 3;
const FIRMWARE_MS = 60_000;
/** A BMC asks this often for one piece. */
const READS = 3;
const READ_PAUSE_MS = 5000;
/** coreos-livepxe-rootfs.sh. */
const ROOTFS_PAUSE_MS = 5000;
const CURL_RETRIES = 5;
/** curl, src/tool_operate.c: answers that `--retry` takes for passing. */
const CURL_PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** Scripts that name another one, in a row. */
const CHAINS = 5;
const SCRIPT_BYTES = 64 * 1024;

const USER_AGENTS: Readonly<Record<'bmc' | 'ipxe' | 'curl', string | null>> = {
  bmc: null,
  ipxe: 'iPXE/1.21.1',
  curl: 'curl/7.76.1',
};

/** Wall-clock milliseconds until a connection over a link is given up: as undici does by itself. */
const CONNECT_MS = 10_000;
/** None of these clients verifies certificates: BMCs do not by default, and the live system checks a hash instead. */
const DIALER = new Dialer({
  tls: { insecure: true },
  dialTimeoutMs: CONNECT_MS,
  tlsHandshakeTimeoutMs: CONNECT_MS,
});

/** Connects as undici wants it, over the link of a machine. */
function connectorOver(link: HostLink): buildConnector.connector {
  return ({ protocol, hostname, port }, callback) => {
    DIALER.dial(
      { protocol, hostname, port },
      null,
      (error, socket) => {
        // What undici asks of a socket beyond a stream it leaves alone where it is not there.
        if (socket) callback(null, socket as Socket);
        else callback(error ?? new Error('no connection'), null);
      },
      undefined,
      new LinkPath(link),
    );
  };
}

interface Ask {
  kind: BootKind;
  url: string;
  client: keyof typeof USER_AGENTS;
  method?: 'GET' | 'HEAD';
  range?: { from: number; to: number };
  /** Keep what arrives, up to {@link SCRIPT_BYTES}. */
  keep?: boolean;
}

interface Answer {
  /** 0 when there was none, or not all of it. */
  status: number;
  /** Why there was none; the status as a text otherwise. */
  why: string;
  bytes: number;
  /** Of the whole, where the server says. */
  length: number | null;
  text: string;
}

/** One a thread. */
export class BootDownloader {
  readonly #options: BootDownloaderOptions;
  readonly #total: ByteRate | null;

  constructor(options: BootDownloaderOptions) {
    const { load, clock } = options;
    this.#options = options;
    this.#total = load.rateTotal === null ? null : new ByteRate(clock, load.rateTotal);
  }

  /**
   * Downloads all that one host needs, as often as a host would try.
   * @param mac of the NIC that boots
   * @param link of the machine; null for none
   * @throws BootFailed when the host gives up, the signal's reason when aborted.
   */
  async boot(source: BootSource, mac: string, signal: AbortSignal, link: HostLink | null = null): Promise<void> {
    const { clock, telemetry, load } = this.#options;
    for (let left = BOOTS; ; left--) {
      const boot = new HostBoot(clock, telemetry, load, this.#total, signal, link);
      try {
        await (source.from === 'iso' ? boot.fromIso(source.url) : boot.fromScript(source.url, mac));
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BootFailed) || error.final || left === 1) throw error;
        await clock.sleep(FIRMWARE_MS, signal);
      } finally {
        await boot.end();
      }
    }
  }
}

/** One try of one host, on connections of its own. */
class HostBoot {
  readonly #clock: Clock;
  readonly #telemetry: BootDownloaderOptions['telemetry'];
  readonly #load: BootLoad;
  readonly #rates: readonly ByteRate[];
  readonly #signal: AbortSignal;
  readonly #agent: Agent;

  constructor(
    clock: Clock,
    telemetry: BootDownloaderOptions['telemetry'],
    load: BootLoad,
    total: ByteRate | null,
    signal: AbortSignal,
    link: HostLink | null,
  ) {
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#load = load;
    const own = load.ratePerHost === null ? null : new ByteRate(clock, load.ratePerHost);
    this.#rates = [own, total].filter((rate) => rate !== null);
    this.#signal = signal;
    this.#agent = new Agent({
      connections: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: link ? connectorOver(link) : { rejectUnauthorized: false },
    });
  }

  end(): Promise<void> {
    return this.#agent.destroy();
  }

  async fromIso(url: string): Promise<void> {
    const rootfs = rootfsOfIso(url);
    await this.#timed('iso', () => this.#readIso(url));
    if (rootfs !== null) await this.#fetchRootfs(rootfs);
  }

  async fromScript(url: string, mac: string): Promise<void> {
    let at = url;
    for (let chained = 0; chained < CHAINS; chained++) {
      const text = await this.#timed('ipxe-script', () => this.#ipxe('ipxe-script', at, true));
      const script = this.#parsed(text, at, mac);
      if (script.chain !== null) {
        at = script.chain;
        continue;
      }
      for (const load of script.loads) await this.#timed(load.kind, () => this.#ipxe(load.kind, load.url, false));
      if (script.rootfs !== null) await this.#fetchRootfs(script.rootfs);
      if (script.ignition !== null) {
        const { ignition } = script;
        await this.#timed('ignition', () => this.#persistently({ kind: 'ignition', url: ignition, client: 'curl' }));
      }
      return;
    }
    throw new BootFailed(`iPXE script: more than ${CHAINS} scripts name each other`, false);
  }

  #parsed(text: string, url: string, mac: string) {
    try {
      return parseIpxeScript(text, url, mac);
    } catch (error) {
      throw new BootFailed(`iPXE script ${shown(url)}: ${(error as Error).message}`, false, { cause: error });
    }
  }

  async #ipxe(kind: BootKind, url: string, keep: boolean): Promise<string> {
    const { status, why, text } = await this.#ask({ kind, url, client: 'ipxe', keep });
    if (status !== 200) throw new BootFailed(`${kind} ${shown(url)}: ${why}`, false);
    return text;
  }

  /** Piece after piece. A server that does not know ranges sends everything in its answer to the first. */
  async #readIso(url: string): Promise<void> {
    const { length } = await this.#read({ kind: 'iso', url, client: 'bmc', method: 'HEAD' }, 200);
    if (length === null) throw new BootFailed(`iso ${shown(url)}: the server does not say how large it is`, false);
    for (let from = 0; from < length; from += this.#load.readBytes) {
      const range = { from, to: Math.min(from + this.#load.readBytes, length) - 1 };
      const { status } = await this.#read({ kind: 'iso', url, client: 'bmc', range }, 206, 200);
      if (status === 200) return;
    }
  }

  async #read(ask: Ask, ...good: number[]): Promise<Answer> {
    for (let left = READS; ; left--) {
      const answer = await this.#ask(ask);
      if (good.includes(answer.status)) return answer;
      const again = answer.status === 0 || answer.status >= 500;
      if (!again || left === 1) throw new BootFailed(`${ask.kind} ${shown(ask.url)}: ${answer.why}`, false);
      await this.#clock.sleep(READ_PAUSE_MS, this.#signal);
    }
  }

  async #fetchRootfs(url: string): Promise<void> {
    await this.#timed('rootfs', async () => {
      // Any answer will do here, whatever its status.
      while ((await this.#ask({ kind: 'rootfs', url, client: 'curl', method: 'HEAD' })).status === 0) {
        await this.#clock.sleep(ROOTFS_PAUSE_MS, this.#signal);
      }
      await this.#curl({ kind: 'rootfs', url, client: 'curl', method: 'HEAD' });
      await this.#curl({ kind: 'rootfs', url, client: 'curl' });
    });
  }

  /** `curl --fail --retry 5`: pauses of 1 s, 2 s, 4 s …; a body that broke off is not begun again. */
  async #curl(ask: Ask): Promise<void> {
    for (let retry = 0; ; retry++) {
      const { status, why, bytes } = await this.#ask(ask);
      if (status === 200) return;
      const passing = CURL_PASSING.has(status) || (status === 0 && bytes === 0 && why === 'dial-timeout');
      if (!passing || retry === CURL_RETRIES) throw new BootFailed(`${ask.kind} ${shown(ask.url)}: ${why}`, true);
      await this.#clock.sleep(1000 * 2 ** retry, this.#signal);
    }
  }

  /** As Ignition does: for ever, later each time up to 5 s (coreos/ignition, internal/resource/http.go). */
  async #persistently(ask: Ask): Promise<void> {
    for (let pause = 200; ; pause = Math.min(pause * 2, 5000)) {
      const { status, why } = await this.#ask(ask);
      if (status === 200) return;
      if (status > 0 && status < 500) throw new BootFailed(`${ask.kind} ${shown(ask.url)}: ${why}`, true);
      await this.#clock.sleep(pause, this.#signal);
    }
  }

  /** Measures what succeeds, from the first request to the last byte. */
  async #timed<T>(kind: BootKind, download: () => Promise<T>): Promise<T> {
    const from = this.#clock.now();
    const result = await download();
    this.#telemetry.bootDownload(kind, this.#clock.now() - from);
    return result;
  }

  /** One request. Whatever becomes of it is counted once. */
  async #ask(ask: Ask): Promise<Answer> {
    const { kind, url, client, method = 'GET', range, keep = false } = ask;
    const agent = USER_AGENTS[client];
    const answer: Answer = { status: 0, why: '', bytes: 0, length: null, text: '' };
    let outcome: RequestOutcome;
    const askedAt = wallNow();
    try {
      const { statusCode, headers, body } = await request(url, {
        dispatcher: this.#agent,
        method,
        signal: this.#signal,
        headers: {
          ...(agent !== null && { 'user-agent': agent }),
          ...(range && { range: `bytes=${range.from}-${range.to}` }),
        },
      });
      this.#telemetry.bootWait(kind, wallNow() - askedAt);
      const length = Number(headers['content-length'] ?? Number.NaN);
      answer.length = Number.isFinite(length) ? length : null;
      for await (const piece of body as AsyncIterable<Buffer>) {
        answer.bytes += piece.length;
        if (keep && answer.text.length < SCRIPT_BYTES) answer.text += piece.toString('latin1');
        await this.#pace(piece.length);
      }
      outcome = statusCode;
      answer.status = statusCode;
      answer.why = `HTTP ${statusCode}`;
    } catch (error) {
      outcome = this.#signal.aborted ? 'aborted' : kindOfFailure(error);
      answer.why = outcome;
    }
    this.#telemetry.bootRequest(kind, outcome, answer.bytes);
    this.#signal.throwIfAborted();
    return answer;
  }

  /** Waits until as many bytes may have arrived. Meanwhile nothing is read, and the connection's window closes. */
  async #pace(bytes: number): Promise<void> {
    let wait = 0;
    for (const rate of this.#rates) wait = Math.max(wait, rate.take(bytes));
    if (wait > 0) await this.#clock.sleep(wait, this.#signal);
  }
}

function kindOfFailure(error: unknown): Exclude<RequestOutcome, number> {
  if (error instanceof TransportError) return error.kind;
  const { code = '', message } = error as { code?: string; message: string };
  // How undici says that the other side closed before everything was there.
  if (code === 'UND_ERR_SOCKET' || /terminated|other side closed/.test(message)) return 'eof';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'dial-timeout';
  return kindOfSystemError(error);
}

/** Without the query and without keys in the path: both may be tokens. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/(byapikey|bytoken)\/[^/]+/, '/$1/…')}`;
}
