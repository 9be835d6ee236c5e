/** A program that tells its metrics as Prometheus' text. What it tells is a table of rules beside this file. */
import type { Collector, Reading } from './collector.ts';
import { type MetricRule, readingsOf, wantedBy } from './metric-rules.ts';
import { type PrometheusSample, parsePrometheusText } from './prometheus-text.ts';

/** Where the text comes from. */
export interface MetricsSource {
  readonly target: string;
  /** @throws as {@link Collector.collect} */
  get(signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** Figures that take more than one look, or several metrics. */
export interface DerivedFigures {
  readonly metrics: readonly string[];
  /** @param nowMs wall clock */
  derive(samples: readonly PrometheusSample[], nowMs: number): Reading[];
}

export interface MetricsCollectorOptions {
  name: string;
  source: MetricsSource;
  rules: readonly MetricRule[];
  derived?: DerivedFigures;
  now: () => number;
}

export class MetricsCollector implements Collector {
  readonly name: string;
  readonly #options: MetricsCollectorOptions;
  readonly #wanted: (name: string) => boolean;

  constructor(options: MetricsCollectorOptions) {
    this.name = options.name;
    this.#options = options;
    const ofRules = wantedBy(options.rules);
    const others = new Set(options.derived?.metrics);
    this.#wanted = (name) => ofRules(name) || others.has(name);
  }

  get target(): string {
    return this.#options.source.target;
  }

  async collect(signal: AbortSignal): Promise<Reading[]> {
    const { source, rules, derived, now } = this.#options;
    const text = await source.get(signal);
    let samples: PrometheusSample[];
    try {
      samples = parsePrometheusText(text, this.#wanted);
    } catch (cause) {
      throw new Error(`${this.target} is no metrics of Prometheus: ${(cause as Error).message}`, { cause });
    }
    return [...readingsOf(samples, rules), ...(derived?.derive(samples, now()) ?? [])];
  }

  close(): Promise<void> {
    return this.#options.source.close();
  }
}
