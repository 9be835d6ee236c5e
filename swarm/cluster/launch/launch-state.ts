/** What a launch says of itself when it is asked. */

/** How far the launch is. */
export interface LaunchState {
  infraEnvs: number;
  /** With hosts alive. */
  launched: number;
  hosts: number;
  /** Why others have none, by InfraEnv. */
  waiting: ReadonlyMap<string, string>;
}

/** One InfraEnv of a launch. */
export interface LaunchedInfraEnv {
  infraEnv: string;
  /** Slots of its hosts in the pool's telemetry. */
  slots: number[];
  /** Why it has no hosts, or not all; '' when it has. */
  waiting: string;
}
