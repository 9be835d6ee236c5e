/**
 * The cluster being installed, as far as its own programs can see it. It does not exist: a table of durations says when
 * nodes appear, become ready, when operators are available. One per cluster, shared by its installers and its controller.
 */
import type { Host } from '../host/host.ts';
import type { HostRole } from '../protocol/states.ts';

export interface SpokeNode {
  host: Host;
  ready: boolean;
}

/** What installers and the controller may ask. */
export interface SpokeView {
  /** Nodes that exist now. */
  nodes(role?: HostRole): readonly SpokeNode[];
  /** Hosts whose address stands in the machine-config-server's log of the last `windowMs` simulated milliseconds. */
  ignitionFetched(windowMs: number): readonly Host[];
  bootkubeDone(): boolean;
  etcdBootstrapDone(): boolean;
  /** The controller's pod has sent its ready event. */
  controllerReady(): boolean;
}
