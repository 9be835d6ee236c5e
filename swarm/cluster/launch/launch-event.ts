/** What a launch tells: once in a while for each InfraEnv, beside the events of its hosts. */
import type { RunEvent } from '../../telemetry/run-event.ts';

export type LaunchEvent = { time: number } & (
  | { type: 'launch.started'; hub: string; service: string | null }
  /** Agents of it can be started: what its discovery ignition says. */
  | { type: 'infra-env.ready'; infraEnv: string; service: string; agentVersion: string; infraEnvId: string }
  | { type: 'infra-env.hosts'; infraEnv: string; hosts: number; added: string[]; removed: string[] }
  /** No host of it can be started yet, or not any more, and why. */
  | { type: 'infra-env.waiting'; infraEnv: string; message: string }
  | { type: 'infra-env.gone'; infraEnv: string; hosts: number }
  | { type: 'agent.approved'; infraEnv: string; agent: string; role: string | null }
  | { type: 'launch.warning'; message: string }
  /** An event of a host, with the InfraEnv that it belongs to. */
  | { type: 'host'; infraEnv: string; event: RunEvent }
);

/** An event without its time. */
export type LaunchNews = LaunchEvent extends infer Event
  ? Event extends LaunchEvent
    ? Omit<Event, 'time'>
    : never
  : never;
