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
import { hardwareDetails } from '../bmh/hardware-details.ts';
import type { BmhFault } from '../bmh/timings.ts';
import type { Machines } from '../cluster/cluster-life.ts';
import { buildHost } from '../host/build-host.ts';
import type { ClusterPlan, ExpandedPlan, HostPlan } from '../plan/expanded-plan.ts';
import type { EventSink } from '../telemetry/run-event.ts';
import { isConverged } from './converged-flow.ts';

type Launch = Parameters<Machines['launch']>[0];

/** A machine behind a BareMetalHost. */
interface BehindHost {
  id: string;
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
    if (launch) this.#machines.startHosts(cluster, launch.infraEnvId, [ordinal]);
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
  /** Those that are switched on. */
  machines: Machines;
  onError: (message: string) => void;
  /** Told when a BareMetalHost comes to another state. */
  emit: EventSink;
}

/** Whether a plan has hosts that boot when they are provisioned. */
export function hasBareMetalHosts({ clusters }: Pick<ExpandedPlan, 'clusters'>): boolean {
  return clusters.some(({ flow }) => flow.bmh);
}

/** Acts as the Bare Metal Operator for the hosts of one run. */
export class RunBareMetal {
  /** As lives are to have them. */
  readonly machines: BareMetalMachines;
  readonly #operator: BareMetalOperator;
  /** Hosts as the operator knows them, by their id. */
  readonly #refs = new Map<string, { namespace: string; name: string }>();

  private constructor(options: BareMetalOptions, converged: boolean) {
    const { plan, client, clock, run, machines, onError, emit } = options;
    const behind = machinesByMac(plan);
    this.machines = new BareMetalMachines(machines);
    this.#operator = new BareMetalOperator({
      client,
      clock,
      converged,
      seed: plan.seed,
      labelSelector: `${RUN_LABEL}=${run}`,
      onPower: ({ namespace, name, bootMACAddress }, on, { runs }) => {
        const machine = behind.get(bootMACAddress);
        if (!machine || !on || runs !== 'agent') return;
        this.#refs.set(machine.id, { namespace, name });
        this.machines.powerOn(machine.cluster.index, machine.host.ordinal);
      },
      faultOf: (mac) => faultOf(behind.get(mac)?.host),
      hardwareOf: ({ bootMACAddress }) => {
        const machine = behind.get(bootMACAddress);
        return machine ? hardwareDetails(buildHost(plan.seed, machine.cluster, machine.host)) : {};
      },
      onEvent: (event) => {
        if (event.kind === 'state') {
          const { bootMACAddress, namespace, name } = event.host;
          const machine = behind.get(bootMACAddress);
          if (!machine) return;
          const { cluster, host, id } = machine;
          emit({
            time: clock.now(),
            type: 'baremetalhost.state',
            ...{ cluster: cluster.index, host: host.index, id, name: `${namespace}/${name}` },
            state: event.after || 'created',
          });
          return;
        }
        // The operator and the service write the same objects; who loses looks again.
        if (event.message.includes(LOST_RACE)) return;
        onError(event.host ? `BareMetalHost ${event.host.name}: ${event.message}` : event.message);
      },
    });
  }

  /** Begins. Call before the first host is made. @throws Error when a real operator holds these hosts, or the hub has no such kind */
  static async start(options: BareMetalOptions): Promise<RunBareMetal> {
    const { plan, client } = options;
    const converged = plan.hub?.converged ?? (await isConverged(client));
    if (!converged) refuseInspection(plan);
    const metal = new RunBareMetal(options, converged);
    await metal.#operator.start();
    return metal;
  }

  /** A machine reboots into what was installed: the deployment that started its agent is over. */
  rebooted(hostId: string): void {
    const ref = this.#refs.get(hostId);
    if (ref) this.#operator.agentEnded(ref);
  }

  stop(): Promise<void> {
    return this.#operator.stop();
  }
}

function faultOf(host: HostPlan | undefined): BmhFault | null {
  const fault = host?.fault;
  return fault?.kind === 'bmh-stuck' || fault?.kind === 'bmh-fails' ? fault : null;
}

/** Without the converged flow the service switches inspection off: a fault of it would never show. */
function refuseInspection({ clusters }: ExpandedPlan): void {
  for (const { hosts, name } of clusters) {
    const met = hosts.find((host) => faultOf(host)?.state === 'inspecting');
    if (!met) continue;
    throw new Error(
      `host ${met.ordinal} of cluster ${name} is to have the fault ${met.fault!.kind} with state inspecting, and this hub's service ` +
        'switches the inspection of BareMetalHosts off; allowed here: state registering or provisioning, or a service with the ' +
        'converged flow (ALLOW_CONVERGED_FLOW; hub.converged: true)',
    );
  }
}

function machinesByMac(plan: ExpandedPlan): Map<string, BehindHost> {
  const behind = new Map<string, BehindHost>();
  for (const cluster of plan.clusters) {
    if (!cluster.flow.bmh) continue;
    for (const host of cluster.hosts) {
      const { id, mac } = buildHost(plan.seed, cluster, host).identity;
      behind.set(mac, { id, cluster, host });
    }
  }
  return behind;
}

/** Of a conflict: apiserver, pkg/registry/generic/registry/store.go, OptimisticLockErrorMsg. */
const LOST_RACE = 'the object has been modified';
