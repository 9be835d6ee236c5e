/** Telemetry that keeps nothing, for tests to replace what they look at. */
import type { Telemetry } from '../telemetry.ts';

const ignored = () => {};

export const NO_TELEMETRY: Telemetry = {
  add: ignored,
  record: ignored,
  connectionOpened: ignored,
  connectionClosed: ignored,
  requestRepeated: ignored,
  request: ignored,
  requestStarted: () => 0,
  requestEnded: ignored,
  requestFailed: ignored,
  requestSucceeded: ignored,
  pollWaited: ignored,
  pollLateness: ignored,
  hostPhase: ignored,
  hostStage: ignored,
  clusterPhase: ignored,
  stageDuration: ignored,
  stepReply: ignored,
  error: ignored,
  bootRequest: ignored,
  bootWait: ignored,
  bootDownload: ignored,
};
