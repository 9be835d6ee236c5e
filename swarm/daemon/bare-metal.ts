/**
 * The BareMetalHosts of a run and the machines behind them: who acts as the Bare Metal Operator switches a machine on, and it boots.
 *
 *   life ── launch ──> BareMetalMachines ── (nobody started) ──> pool
 *   BareMetalHost provisioned ── power on ──> BareMetalMachines ── startHosts ──> pool
 */
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import type { Clock } from '../../model/time/clock.ts';
import { BareMetalOperator } from '../bmh/bare-metal-operator.ts';
import type { Machines } from '../cluster/cluster-life.ts';
import { buildHost } from '../host/build-host.ts';
import type { ClusterPlan, ExpandedPlan, HostPlan } from '../plan/expanded-plan.ts';
import { hardwareDetails } from './hardware-details.ts';

type Launch = Parameters<Machines['launch']>[0];

/** A machine behind a BareMetalHost. */
interface BehindHost {
  cluster: ClusterPlan;
  host: HostPlan;
}

/** Machines whose power is a matter of BareMetalHosts, beside those that lives switch on. */
export class BareMetalMachines implements Machines {
  readonly #machines: Machines;
  /** By index of the cluster. */
  readonly #launches = new Map<number, Launch>();
  /** Ordinals that were switched on before their cluster's machines stood. */
  readonly #early = new Map<number, number[]>();

  /** @param machines those that do what is asked here */
  constructor(machines: Machines) {
    this.#machines = machines;
  }

  launch(launch: Launch): void {
    this.#machines.launch(launch);
    const { index } = launch.cluster;
    this.#launches.set(index, launch);
    for (const ordinal of this.#early.get(index) ?? []) this.powerOn(index, ordinal);
    this.#early.delete(index);
  }

  startHosts(...start: Parameters<Machines['startHosts']>): void {
    this.#machines.startHosts(...start);
  }

  stopCluster(cluster: number): void {
    this.#launches.delete(cluster);
    this.#machines.stopCluster(cluster);
  }

  /** A machine boots the discovery image; one that has done so before goes on as it is. */
  powerOn(cluster: number, ordinal: number): void {
    const launch = this.#launches.get(cluster);
    if (launch) this.#machines.startHosts(cluster, launch.infraEnvId, launch.clusterId ?? '', [ordinal]);
    else this.#early.set(cluster, [...(this.#early.get(cluster) ?? []), ordinal]);
  }
}

export interface BareMetalOptions {
  plan: ExpandedPlan;
  /** Of its own: the operator's requests are none of the user's. */
  client: KubeClient;
  clock: Clock;
  /** Value of the run's label. */
  run: string;
  machines: BareMetalMachines;
  onError: (message: string) => void;
}

/** Whether a plan has hosts that boot when they are provisioned. */
export function hasBareMetalHosts({ clusters }: Pick<ExpandedPlan, 'clusters'>): boolean {
  return clusters.some(({ flow }) => flow.bmh);
}

/** Acts as the Bare Metal Operator for the hosts of one run. Start it before the first host is made. */
export function bareMetalOperator({
  plan,
  client,
  clock,
  run,
  machines,
  onError,
}: BareMetalOptions): BareMetalOperator {
  const behind = new Map<string, BehindHost>();
  for (const cluster of plan.clusters) {
    if (!cluster.flow.bmh) continue;
    for (const host of cluster.hosts) behind.set(buildHost(plan.seed, cluster, host).identity.mac, { cluster, host });
  }
  return new BareMetalOperator({
    client,
    clock,
    seed: plan.seed,
    labelSelector: `${RUN_LABEL}=${run}`,
    onPower: ({ bootMACAddress }, on, { runs }) => {
      const machine = behind.get(bootMACAddress);
      if (machine && on && runs === 'agent') machines.powerOn(machine.cluster.index, machine.host.ordinal);
    },
    hardwareOf: ({ bootMACAddress }) => {
      const machine = behind.get(bootMACAddress);
      return machine ? hardwareDetails(buildHost(plan.seed, machine.cluster, machine.host)) : {};
    },
    onEvent: (event) => {
      if (event.kind === 'error')
        onError(event.host ? `BareMetalHost ${event.host.name}: ${event.message}` : event.message);
    },
  });
}
