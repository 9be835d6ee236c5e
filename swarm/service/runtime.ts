/**
 * What everything that lives on one worker thread shares: time, transport, telemetry, events.
 */
import type { Clock } from '../../model/time/clock.ts';
import type { TimerWheel } from '../../model/time/timer-wheel.ts';
import type { EventSink } from '../telemetry/run-event.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Transport } from '../transport/transport.ts';

export interface Runtime {
  /** Its sleep and setTimer run on the wheel too. */
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly transport: Transport;
  readonly telemetry: Telemetry;
  readonly emit: EventSink;
  /** Wall-clock milliseconds of a simulated moment; what due times of requests are given in. */
  wallOf(simulatedMs: number): number;
}

/** How the machines of a cluster reach the service. */
export interface ServiceAccess {
  baseUrl: string;
  /** X-Secret-Key. */
  token: string;
  /** Replaces `next_instruction_seconds`; null obeys the service. */
  pollIntervalSeconds: number | null;
  /** `--interval` of the agent: seconds until a failed registration is tried again; stock 60. */
  registrationRetrySeconds?: number;
}
