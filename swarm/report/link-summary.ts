/** What slow links of a plan had to do with connections and requests. */

import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { linkName } from '../plan/link-plans.ts';
import type { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { type Quantiles, quantiles } from './quantiles.ts';

export interface LinkSummary {
  /** Place in the plan, from 1: as metrics label it. */
  link: number;
  /** Preset and figures. */
  name: string;
  /** Of the plan's hosts, more than 0 to 1. */
  share: number;
  /** Of this generator. */
  hosts: number;
  /** Simulated milliseconds one way, and by how much that varies. */
  delayMs: number;
  jitterMs: number;
  /** Share of the packets, from 0. */
  loss: number;
  /** In a simulated second, each way; null for as many as come. */
  bytesPerSecond: number | null;
  /** Opened, downloads of booting hosts included. */
  connections: number;
  /** Wall-clock milliseconds until one could be used, TLS handshake included. */
  connect: Quantiles;
  /** Wall-clock milliseconds from when an attempt was due to its answer (below 500). */
  requests: Quantiles;
  /** Packets that were lost, for which what came after them waited. */
  stalls: number;
  /** Connections given up because a packet was lost as often as TCP sends it. */
  resets: number;
}

export function summarizeLinks(
  { links = [] }: Pick<ExpandedPlan, 'links'>,
  reader: Pick<TelemetryReader, 'overLink'>,
  percentiles: readonly number[],
): LinkSummary[] {
  return links.map((link, place) => {
    const { connections, stalls, resets, connects, requests } = reader.overLink(place);
    return {
      ...{ link: place + 1, name: linkName(link), share: link.share, hosts: link.hosts },
      ...link.figures,
      connections,
      connect: quantiles(connects, percentiles),
      requests: quantiles(requests, percentiles),
      ...{ stalls, resets },
    };
  });
}
