/** What the HTTP surface is made from. */

import type { Clock } from '../../model/time/clock.ts';
import type { Database, TableRows } from '../core/database.ts';
import type { PlantedFaults } from '../core/planted-faults.ts';
import type { AssistedServiceApi } from '../service-api.ts';
import type { Authentication } from './authentication.ts';
import type { HttpServiceMetrics } from './metrics.ts';

export interface HttpOptions {
  /** Asked at every request: the service can only be made when the server's own address is known. */
  readonly api: () => AssistedServiceApi;
  readonly metrics: HttpServiceMetrics;
  readonly clock: Clock;
  /** Requests are statements of it, and `/mock/database` tells of it. Nothing is told when it is absent. */
  readonly database?: { readonly of: Database; readonly rows: () => TableRows };
  /** Done after a host registered and before that is answered; what it throws makes a failure of the registration. */
  readonly hostRegistered?: (infraEnvId: string, hostId: string) => Promise<void>;
  /** Refuse unknown fields of bodies (`ENABLE_REJECT_UNKNOWN_FIELDS`). */
  readonly rejectUnknownFields: boolean;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Everybody may do everything without it. */
  readonly authentication?: Authentication;
  /** Serves `/mock/faults`. */
  readonly admin?: boolean;
  /** Faults inside the service; none when absent. */
  readonly planted?: PlantedFaults;
  /** Numbers in [0, 1) that decide which share of requests a fault hits. */
  readonly random: () => number;
  /** Told of errors that are bugs of the simulator; they are answered with 500. */
  readonly onBug: (error: unknown) => void;
  /** Wall-clock milliseconds in which a client has to send its request head; the real server's when absent. */
  readonly headTimeoutMs?: number;
}
