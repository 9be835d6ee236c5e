/**
 * A run while it goes on: a picture that is redrawn in place on a terminal, or a plain line now and then elsewhere.
 */
import type { RunPhase } from '../plan/expanded-plan.ts';
import type { Distribution } from '../telemetry/histogram.ts';
import type { SaturationMonitor } from '../telemetry/saturation.ts';
import { ratesBetween } from '../telemetry/telemetry-rates.ts';
import type { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import type { TelemetrySnapshot } from '../telemetry/telemetry-snapshot.ts';
import { canRedraw, Picture, type Screen } from './picture.ts';
import { quantiles, quantileTexts } from './quantiles.ts';
import {
  bar,
  countOf,
  createStyle,
  formatCount,
  formatMs,
  formatShare,
  type Style,
  table,
  wantsColour,
} from './style.ts';
import { type Funnel, type FunnelStep, funnelSteps } from './summary.ts';

/** What is watched. */
export interface ProgressSource {
  readonly plan: { name: string; clockSpeed: number; hostCount: number; clusters: readonly unknown[] };
  readonly state: string;
  /** The phase and step that lasts; null before the first and after the last one. */
  readonly part: { phase: RunPhase; step: number | null } | null;
  /** Simulated milliseconds until a phase ends that lasts as long as the plan says; null of the others. */
  readonly partRemainingMs: number | null;
  readonly reader: TelemetryReader;
  readonly saturation: Pick<SaturationMonitor, 'findings'>;
  readonly index: {
    funnel(): Funnel;
    failures(): unknown[];
    /** Simulated milliseconds; null while nobody can know. */
    remainingMs(): number | null;
  };
}

export interface ProgressOptions {
  source: ProgressSource;
  stream: Screen;
  env?: NodeJS.ProcessEnv;
  /** Wall-clock milliseconds. */
  now?: () => number;
}

/** Wall-clock milliseconds between two pictures, and two lines. */
const REDRAW_MS = 400;
const LINE_MS = 5_000;
/** Wall-clock milliseconds that a request must have waited to be worth a word. */
const LONG_WAIT_MS = 5_000;
/** What is left must be as much to be worth a word. */
const SHORTEST_ETA_MS = 1000;
/** Pictures over which rates and latencies are taken. */
const WINDOW = 12;
const BAR = 30;

/** What is to be shown at one moment; times are in milliseconds of the wall. */
interface Look {
  elapsedMs: number;
  etaMs: number | null;
  hosts: FunnelStep[];
  clusters: FunnelStep[];
  /** Requests in a second. */
  rate: number;
  /** Of latest answers; '-' where there are none. */
  p50: string;
  p99: string;
  requests: number;
  errors: number;
  /** Requests that this machine could not send, in words; '' for none. */
  own: string;
  /** Requests that wait for their answers, in words. */
  inFlight: string;
  /** Share of the simulated user's own requests, in words; '' for none. */
  ofUser: string;
  open: number;
  waiting: string;
  failed: number;
}

export class Progress {
  readonly #source: ProgressSource;
  readonly #stream: ProgressOptions['stream'];
  readonly #now: () => number;
  readonly #style: Style;
  readonly #startedAt: number;
  readonly #window: { snapshot: TelemetrySnapshot; latency: Distribution }[] = [];
  /** Null where lines cannot be taken back. */
  readonly #picture: Picture | null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ProgressOptions) {
    this.#source = options.source;
    this.#stream = options.stream;
    this.#now = options.now ?? Date.now;
    const env = options.env ?? process.env;
    this.#style = createStyle(wantsColour(options.stream, env));
    this.#picture = canRedraw(options.stream, env) ? new Picture(options.stream) : null;
    this.#startedAt = this.#now();
  }

  /** Shows the run until `stop()`; does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => this.show(), this.#picture ? REDRAW_MS : LINE_MS);
    this.#timer.unref();
  }

  /** Takes the picture away; lines stay. */
  stop(): void {
    clearInterval(this.#timer);
    this.#picture?.erase();
  }

  /** Lets something else write, which stands above the next picture. */
  interrupt(write: () => void): void {
    this.#picture?.erase();
    write();
  }

  /** Draws one picture or writes one line. */
  show(): void {
    if (!this.#picture) {
      this.#stream.write(`${this.line()}\n`);
      return;
    }
    const look = this.#look();
    const lines = this.#lines(look);
    this.#picture.draw(lines.length <= this.#picture.height ? lines : this.#parts(look));
  }

  /** The picture's lines. */
  picture(): string[] {
    return this.#lines(this.#look());
  }

  #lines(look: Look): string[] {
    const style = this.#style;
    const { plan } = this.#source;
    const state = this.#state();
    const time = `${formatMs(look.elapsedMs)}${plan.clockSpeed === 1 ? '' : ` ×${plan.clockSpeed}`}`;
    const eta = look.etaMs === null ? '' : `  about ${formatMs(look.etaMs)} left`;
    const lines = [`${style.accent('●')} ${style.bold(plan.name)}  ${state}  ${time}${style.dim(eta)}`, ''];
    const steps = (title: string, funnel: readonly FunnelStep[]) =>
      table(
        funnel.map(({ name, count, of }, at) => [
          at === 0 ? title : '',
          name,
          bar(count, of, BAR),
          `${formatCount(count)}/${formatCount(of)}`,
        ]),
        [3],
      ).map((line) => line.replace(/█+/, (filled) => style.accent(filled)));
    lines.push(...steps('hosts   ', look.hosts), '', ...steps('clusters', look.clusters), '');
    const errors = `${formatCount(look.errors)} (${formatShare(look.errors, look.requests)})`;
    lines.push(
      `requests  ${look.rate.toFixed(0)}/s${look.ofUser}  p50 ${look.p50}  p99 ${look.p99}  errors ${look.errors > 0 ? style.warn(errors) : errors}  ${look.own && `${style.bad(look.own)}  `}${look.inFlight}  open connections ${formatCount(look.open)}`,
    );
    if (look.waiting !== '') lines.push(style.bad(`unanswered ${look.waiting}`));
    if (look.failed > 0) lines.push(style.bad(`failed    ${countOf(look.failed, 'cluster')}`));
    for (const { rule } of this.#source.saturation.findings) {
      lines.push(style.bad(`saturated ${rule.advice}`));
    }
    return lines;
  }

  /** The same in one line. */
  line(): string {
    return this.#parts(this.#look()).join(' | ');
  }

  /** What a line says, or a picture on a low screen. */
  #parts(look: Look): string[] {
    const hosts = look.hosts.map(({ name, count }) => `${name} ${count}`).join(', ');
    const clusters = look.clusters.map(({ name, count }) => `${name} ${count}`).join(', ');
    const parts = [
      `${formatMs(look.elapsedMs)} ${this.#state()}`,
      `hosts ${this.#source.plan.hostCount}: ${hosts}`,
      `clusters ${this.#source.plan.clusters.length}: ${clusters}, failed ${look.failed}`,
      `${look.rate.toFixed(0)} req/s${look.ofUser}, p50 ${look.p50}, p99 ${look.p99}, errors ${look.errors} of ${look.requests}, ${look.own && `${look.own}, `}${look.inFlight}`,
    ];
    if (look.waiting !== '') parts.push(`unanswered ${look.waiting}`);
    if (look.etaMs !== null) parts.push(`about ${formatMs(look.etaMs)} left`);
    if (this.#source.saturation.findings.length > 0) parts.push('GENERATOR SATURATED');
    return parts;
  }

  /** `running`, and what else it does than to make clusters. */
  #state(): string {
    const { state, part } = this.#source;
    if (state !== 'running' || part === null || part.phase === 'remove') return state;
    if (part.phase !== 'deploy') return `${state} (${part.phase})`;
    return part.step === null ? state : `${state} (step ${part.step})`;
  }

  #look(): Look {
    const { reader, index, partRemainingMs } = this.#source;
    const now = this.#now();
    const snapshot = reader.snapshot(now);
    const latency = reader.latency('due');
    this.#window.push({ snapshot, latency });
    if (this.#window.length > WINDOW) this.#window.shift();
    const oldest = this.#window[0]!;
    const alone = this.#window.length === 1;
    const recent = alone ? latency : latency.since(oldest.latency);
    const [p50 = '', p99 = ''] = quantileTexts(quantiles(recent), ['p50', 'p99']);
    const elapsedMs = now - this.#startedAt;
    const { hosts, clusters } = funnelSteps(index.funnel());
    const simulatedMs = partRemainingMs ?? index.remainingMs();
    const etaMs = simulatedMs === null ? 0 : simulatedMs / this.#source.plan.clockSpeed;
    const rate = alone
      ? (snapshot.totals.requests * 1000) / Math.max(1, elapsedMs)
      : ratesBetween(oldest.snapshot, snapshot).requests;
    return {
      elapsedMs,
      // Nothing left by the estimate means that somebody takes longer than any before: then nobody knows.
      etaMs: this.#source.state === 'running' && etaMs >= SHORTEST_ETA_MS ? etaMs : null,
      hosts,
      clusters,
      rate,
      p50,
      p99,
      requests: snapshot.totals.requests,
      errors: snapshot.totals.unanswered + snapshot.totals.refused,
      own: snapshot.totals.own === 0 ? '' : `own errors ${formatCount(snapshot.totals.own)}`,
      open: snapshot.connections.open,
      inFlight: inFlightText(snapshot),
      ofUser: shareOfUser(snapshot),
      waiting: waitingText(snapshot),
      failed: index.failures().length,
    };
  }
}

/** ` (31% the user's)`: requests that no host made, of all so far; '' while there are none. */
function shareOfUser({ requests, totals }: TelemetrySnapshot): string {
  const count = requests.reduce((sum, row) => sum + (row.client === 'user' ? row.count : 0), 0);
  return count === 0 ? '' : ` (${formatShare(count, totals.requests)} the user's)`;
}

function inFlight({ underWay, wallMs }: TelemetrySnapshot): { count: number; oldestMs: number } {
  const ages = underWay.map(({ sinceMs }) => (sinceMs === 0 ? 0 : wallMs - sinceMs));
  return { count: underWay.reduce((sum, one) => sum + one.count, 0), oldestMs: Math.max(0, ...ages) };
}

/** `in flight 3, oldest 12 ms`. */
function inFlightText(snapshot: TelemetrySnapshot): string {
  const { count, oldestMs } = inFlight(snapshot);
  return `in flight ${formatCount(count)}${count > 0 ? `, oldest ${formatMs(oldestMs)}` : ''}`;
}

/** `214 requests, the oldest for 58 s`; '' while none has waited long. */
function waitingText(snapshot: TelemetrySnapshot): string {
  const { count, oldestMs: oldest } = inFlight(snapshot);
  if (oldest < LONG_WAIT_MS) return '';
  return `${countOf(count, 'request')}, the oldest for ${formatMs(oldest)}`;
}
