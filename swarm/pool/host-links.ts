/** The slow links of the machines of one thread. */
import { hashWords, mixWords, unitNumber } from '../../model/time/random.ts';
import type { LinkFigures } from '../plan/expanded-plan.ts';
import { LINK } from '../telemetry/counted-metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { CELLS } from '../telemetry/telemetry-layout.ts';
import { HostLink, LinkKind } from '../transport/link/host-link.ts';
import { WallLinkClock } from '../transport/link/link-clock.ts';
import type { LinkObserver } from '../transport/link/link-observer.ts';
import type { ClusterLaunch } from './messages.ts';

export class HostLinks {
  readonly #kinds: readonly LinkKind[];
  /** By slot of the machine. */
  readonly #links = new Map<number, HostLink>();
  /** Slots by index of the cluster. */
  readonly #slots = new Map<number, readonly number[]>();

  /** @param figures of the plan's links, in its order @param clockSpeed simulated milliseconds in one of the wall clock */
  constructor(figures: readonly LinkFigures[], clockSpeed: number, telemetry: Pick<Telemetry, 'add' | 'record'>) {
    const clock = new WallLinkClock();
    this.#kinds = figures.map((one, number) => new LinkKind(number, one, clockSpeed, clock, toldTo(telemetry, number)));
  }

  /** Machines will be there from now on. */
  launched({ seed, cluster, firstSlot }: Pick<ClusterLaunch, 'seed' | 'firstSlot'> & { cluster: LinkedCluster }): void {
    const { index, hosts, links = [] } = cluster;
    if (links.length === 0) return;
    const words = hashWords(`link/${seed}`);
    for (const { ordinal, link } of links) {
      const own = mixWords(words, hosts[ordinal]!.index);
      let drawn = 0;
      const random = () => unitNumber(mixWords(own, drawn++));
      this.#links.set(firstSlot + ordinal, new HostLink(this.#kinds[link]!, random));
    }
    this.#slots.set(
      index,
      links.map(({ ordinal }) => firstSlot + ordinal),
    );
  }

  /** The machines of a cluster are gone. */
  ended(cluster: number): void {
    for (const slot of this.#slots.get(cluster) ?? []) this.#links.delete(slot);
    this.#slots.delete(cluster);
  }

  /** The link of a machine; null for one that is connected as this one is. */
  readonly of = (slot: number): HostLink | null => this.#links.get(slot) ?? null;
}

type LinkedCluster = Pick<ClusterLaunch['cluster'], 'index' | 'links'> & { hosts: readonly { index: number }[] };

function toldTo(telemetry: Pick<Telemetry, 'add' | 'record'>, number: number): LinkObserver {
  const link = LINK.of(LINK.values[number]!);
  return {
    connected: (ms) => {
      telemetry.add(CELLS.linkConnections, 1, link);
      telemetry.record(CELLS.linkConnects, ms, link);
    },
    stalled: () => telemetry.add(CELLS.linkStalls, 1, link),
    reset: () => telemetry.add(CELLS.linkResets, 1, link),
  };
}
