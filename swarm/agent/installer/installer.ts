/**
 * Options of the native installer; see the implementation.
 */

import type { SpokeView } from '../../controller/spoke.ts';
import type { Host } from '../../host/host.ts';
import type { Runtime, ServiceAccess } from '../../pool/runtime.ts';
import type { InstallRequest } from '../agent.ts';

export interface InstallerOptions {
  runtime: Runtime;
  host: Host;
  slot: number;
  access: ServiceAccess;
  request: InstallRequest;
  /** Image that holds logs_sender. */
  agentVersion: string;
  /** What a bootstrap installer sees of the cluster that it builds. */
  spoke: SpokeView;
  signal: AbortSignal;
}
