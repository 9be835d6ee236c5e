/** Any Prometheus, or what speaks its API (Thanos, Mimir): each query of a profile at each look. API: prometheus/prometheus, docs/querying/api.md. */
import { z } from 'zod';
import { serverFigureNamed } from '../plan/server-figures.ts';
import type { Collector, Reading } from './collector.ts';
import type { HttpText } from './http-text.ts';
import { type MetricRule, readingsOf } from './metric-rules.ts';
import type { ProfileQuery, PrometheusProfile } from './prometheus-profile.ts';
import { numberOf, type PrometheusSample } from './prometheus-text.ts';

/** A Prometheus that other people use is asked for so many at once. */
const AT_ONCE = 4;
/** Of queries that fail, named. */
const NAMED = 3;

const value = z.tuple([z.number(), z.string()]);
const answer = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), value })),
    }),
    z.object({ resultType: z.literal('scalar'), result: value }),
  ]),
});

export class PrometheusCollector implements Collector {
  readonly name = 'prometheus';
  readonly #http: HttpText;
  readonly #profile: PrometheusProfile;
  readonly #token: () => Promise<string>;
  #missing: string | null = null;

  /** @param http at Prometheus' base URL. @param token read at each look, as tokens of pods are renewed; '' for none */
  constructor(http: HttpText, profile: PrometheusProfile, token: () => Promise<string> = async () => '') {
    this.#http = http;
    this.#profile = profile;
    this.#token = token;
  }

  get target(): string {
    return this.#http.target;
  }

  get missing(): string | null {
    return this.#missing;
  }

  async collect(signal: AbortSignal): Promise<Reading[]> {
    const token = await this.#token();
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    const failed: { figure: string; error: Error }[] = [];
    const readings: Reading[] = [];
    const waiting = [...this.#profile];
    const work = async () => {
      for (let query = waiting.shift(); query; query = waiting.shift()) {
        try {
          readings.push(...(await this.#read(query, headers, signal)));
        } catch (error) {
          signal.throwIfAborted();
          failed.push({ figure: query.figure, error: error as Error });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    // Nothing at all is a failure of the source; a query that is wrong spoils the others not.
    if (failed.length === this.#profile.length) throw failed[0]!.error;
    this.#missing = failed.length === 0 ? null : missingText(failed);
    return readings;
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #read(query: ProfileQuery, headers: Record<string, string>, signal: AbortSignal): Promise<Reading[]> {
    const { figure, scale = 1 } = query;
    const { kind, labels } = serverFigureNamed(figure)!;
    const named = (given: Readonly<Record<string, string>>) =>
      Object.fromEntries(labels.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
    const rule: MetricRule = {
      metric: 'x',
      figure,
      kind: kind === 'trend' ? 'histogram' : kind,
      scale,
      labels: named,
    };
    const samples = await this.#ask(query.query, kind === 'trend' ? 'x_bucket' : 'x', headers, signal);
    if (query.sum !== undefined) samples.push(...(await this.#ask(query.sum, 'x_sum', headers, signal)));
    return readingsOf(samples, [rule]);
  }

  async #ask(
    query: string,
    name: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<PrometheusSample[]> {
    const text = await this.#http.get(`/api/v1/query?query=${encodeURIComponent(query)}`, signal, headers);
    let parsed: z.infer<typeof answer>;
    try {
      parsed = answer.parse(JSON.parse(text));
    } catch (cause) {
      throw new Error(`${this.target} does not answer as Prometheus to ${query}: ${text.slice(0, 100)}`, { cause });
    }
    const { data } = parsed;
    if (data.resultType === 'scalar') return [{ name, labels: {}, value: numberOf(data.result[1]) }];
    return data.result.map(({ metric, value: [, number] }) => {
      const { __name__: _, ...labels } = metric;
      return { name, labels, value: numberOf(number) };
    });
  }
}

function missingText(failed: readonly { figure: string; error: Error }[]): string {
  const named = failed.slice(0, NAMED).map(({ figure }) => figure);
  const more = failed.length > NAMED ? ` and ${failed.length - NAMED} more` : '';
  return `no ${named.join(', ')}${more}: ${failed[0]!.error.message}`;
}
