import type { InstallRequest } from '../../model/protocol/install-request.ts';

/** How an installer process ended. */
export interface InstallOutcome {
  exitCode: number;
  /** stderr text of the process; '' when it was silent. */
  error: string;
  /** Why a silent process failed, for people; no part of what it wrote. */
  reason?: string;
}

/** Runs the installer of one host to its end. */
export type RunInstaller = (
  request: InstallRequest,
  agentVersion: string,
  signal: AbortSignal,
) => Promise<InstallOutcome>;
