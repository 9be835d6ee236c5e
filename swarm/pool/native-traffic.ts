/** Records the traffic of those native machines of a thread whose launches say so. */

import { type TrafficRecorder, type TrafficSource, tapTraffic } from '../telemetry/traffic/traffic-recorder.ts';
import type { ConnectionTap, SessionOptions, TransportObserver } from '../transport/transport.ts';
import type { ClusterLaunch } from './messages.ts';

export class NativeTraffic {
  readonly recorder: TrafficRecorder;
  /** By slot of the host. */
  readonly #sources = new Map<number, TrafficSource & { host: number }>();

  constructor(recorder: TrafficRecorder) {
    this.recorder = recorder;
  }

  /** Machines will be there from now on. Nothing happens for those of which nothing is recorded, and for no-op ones. */
  launched({ traffic, cluster, firstSlot }: ClusterLaunch): void {
    if (traffic === undefined || cluster.hosts[0]?.kind === 'noop') return;
    for (const { ordinal } of cluster.hosts) {
      const host = firstSlot + ordinal;
      this.#sources.set(host, { kind: 'native', shape: traffic, cluster: cluster.index, host });
    }
  }

  /** Tells another observer what it wants to know, and looks at the connections of the machines. */
  observer(other: TransportObserver): TransportObserver {
    return {
      connectionOpened: () => other.connectionOpened(),
      connectionClosed: () => other.connectionClosed(),
      requestRepeated: (how) => other.requestRepeated(how),
      tap: (session) => this.#tap(session),
    };
  }

  #tap({ machine, client }: SessionOptions): ConnectionTap | null {
    const source = this.#sources.get(machine);
    if (!source || client === 'user') return null;
    return tapTraffic(this.recorder.connection(client === 'controller' ? { ...source, host: null } : source));
  }
}
