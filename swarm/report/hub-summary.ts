/** What a run asked of its hub, by verb and resource. */
import type { HubClient, HubRequestRow } from '../telemetry/hub-request-counts.ts';
import { type Quantiles, quantiles } from './quantiles.ts';
import type { SummarizedPlan } from './summarized-plan.ts';

/** Requests of one verb on one resource of the hub. */
export interface HubRequestSummary {
  client: HubClient;
  verb: string;
  resource: string;
  count: number;
  /** Without a response, or answered with 400 or more; but for 404 of get and delete, by which we learn that an object is gone. */
  errors: number;
  /** By HTTP status; `none` for those without a response. */
  codes: Record<string, number>;
  /** Of responses below 500. */
  latency: Quantiles;
  /** Of all others. */
  failedLatency: Quantiles;
}

/** Requests of a run to its hub; those of the service's controllers are not among them. */
export interface HubSummary {
  requests: number;
  errors: number;
  /** Those of the user, divided by the clusters and infra-envs made by custom resources. */
  requestsPerCluster: number;
  rows: HubRequestSummary[];
}

/** Null for a plan without a hub. @param percentiles further ones, beside the usual */
export function summarizeHub(
  { hub, clusters }: Pick<SummarizedPlan, 'hub' | 'clusters'>,
  rows: readonly HubRequestRow[],
  percentiles: readonly number[],
): HubSummary | null {
  if (hub === null) return null;
  const made = clusters.filter(({ api }) => api === 'kube').length;
  const countOf = (some: readonly HubRequestRow[]) => some.reduce((sum, { count }) => sum + count, 0);
  const summed = rows.map(({ client, verb, resource, count, codes, latency, failedLatency }) => {
    const tells = verb === 'get' || verb === 'delete' ? '404' : null;
    const failed = Object.entries(codes).filter(([code]) => code !== tells && (code === 'none' || Number(code) >= 400));
    const errors = failed.reduce((sum, [, times]) => sum + times, 0);
    return {
      ...{ client, verb, resource, count, errors, codes },
      latency: quantiles(latency, percentiles),
      failedLatency: quantiles(failedLatency, percentiles),
    };
  });
  return {
    requests: countOf(rows),
    errors: summed.reduce((sum, { errors }) => sum + errors, 0),
    requestsPerCluster: countOf(rows.filter(({ client }) => client === 'user')) / Math.max(1, made),
    rows: summed,
  };
}
