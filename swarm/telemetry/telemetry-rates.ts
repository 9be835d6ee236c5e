/** How fast things happen, from two snapshots of the telemetry. */
import type { TelemetrySnapshot } from './telemetry-snapshot.ts';

/** Per wall-clock second. */
export interface TelemetryRates {
  seconds: number;
  requests: number;
  answered: number;
  unanswered: number;
  refused: number;
  polls: number;
  bytesSent: number;
  bytesReceived: number;
  connectionsOpened: number;
}

/** What happened between two snapshots, a second; zeros when no time passed. */
export function ratesBetween(earlier: TelemetrySnapshot, later: TelemetrySnapshot): TelemetryRates {
  const seconds = Math.max(0, later.wallMs - earlier.wallMs) / 1000;
  const rate = (from: number, to: number) => (seconds === 0 ? 0 : (to - from) / seconds);
  const total = (name: keyof TelemetrySnapshot['totals']) => rate(earlier.totals[name], later.totals[name]);
  return {
    seconds,
    requests: total('requests'),
    answered: total('answered'),
    unanswered: total('unanswered'),
    refused: total('refused'),
    polls: total('polls'),
    bytesSent: total('bytesSent'),
    bytesReceived: total('bytesReceived'),
    connectionsOpened: rate(earlier.connections.opened, later.connections.opened),
  };
}
