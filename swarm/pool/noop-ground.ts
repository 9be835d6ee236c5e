/**
 * Where no-op machines stand: their installers are stock programs on them, the cluster that they become is served by somebody
 * else, and its controller is a stock program too.
 *
 *    machine ─ bootkube starts ─► manifests of the controller ─┐
 *        └─ reboots ─► (spoke) ─► the pod would start ─────────┴─► controller ─ exit 0 ─► idle
 */
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Host } from '../host/host.ts';
import { Machine, type MachineSetup } from '../host/machine.ts';
import { tappedConnection } from '../noop/connection-telemetry.ts';
import { controllerPod } from '../noop/controller-pod.ts';
import type { LabAccess } from '../noop/lab.ts';
import type { HostFile } from '../noop/lab-protocol.ts';
import { NoopController, type SpokeAccess } from '../noop/noop-controller.ts';
import type { TlsOptions } from '../plan/connections.ts';
import type { Runtime, ServiceAccess } from '../service/runtime.ts';
import type { ConnectionTraffic } from '../telemetry/traffic/traffic-recorder.ts';
import { enterStage, type StagedHost } from './host-stages.ts';
import { machineSetup } from './machine-setup.ts';

export interface NoopGroundOptions {
  runtime: Runtime;
  profile: SpokeProfile;
  lab: LabAccess;
  access: ServiceAccess;
  /** How the service's certificate is verified. */
  tls: TlsOptions | undefined;
  /** Of the cluster's controller in the lab. */
  controllerSlot: number;
  /** Name of the cluster. */
  cluster: string;
  /** Null when nothing is installed. */
  spoke: SpokeAccess | null;
  /** No program under the discovery image of this machine will send anything any more. */
  onSilent: (machine: Machine) => void;
  /** {@link NoopGround.active} turned false. */
  onIdle: () => void;
  /** Records a connection of the controller; null where nothing is recorded. */
  traffic: () => ConnectionTraffic | null;
}

export class NoopGround {
  readonly #options: NoopGroundOptions;
  readonly #setup: MachineSetup;
  /** By host id. */
  readonly #hosts = new Map<string, StagedHost>();
  #manifests: readonly string[] | null = null;
  #bootstrap: Machine | null = null;
  #reboots = 0;
  #due = false;
  #controller: NoopController | null = null;
  #rebooted = false;
  #done = false;

  constructor(options: NoopGroundOptions) {
    this.#options = options;
    this.#setup = machineSetup(options.runtime, options.profile, {
      runInstaller: () => Promise.reject(new Error('a no-op machine runs a stock installer')),
      onRebooted: () => {
        this.#rebooted = true;
      },
      onSilent: options.onSilent,
    });
  }

  /** A machine that stands here; off at first. @param slot see Machine.slot */
  machine(host: Host, slot: number): Machine {
    const machine = new Machine(this.#setup, host, slot);
    const { role } = host.plan;
    this.#hosts.set(host.identity.id, { machine, role, stage: null, info: '', since: 0 });
    return machine;
  }

  /** Machines have rebooted into a cluster whose controller has not ended. */
  get active(): boolean {
    return this.#rebooted && !this.#done && this.#options.spoke !== null;
  }

  /** A stage report of a host was accepted. */
  readonly onStage = (hostId: string, stage: StagedHost['stage'] & string, info: string): void => {
    const host = this.#hosts.get(hostId);
    if (host) enterStage(this.#options.runtime, host, stage, info);
  };

  /** The bootstrap's installer starts. @param reboots that a node has behind it when it is done */
  bootstrapStarted(machine: Machine, reboots: number): void {
    this.#bootstrap = machine;
    this.#reboots = reboots;
  }

  /** The cluster writes to a file of its bootstrap, unless that has rebooted. */
  bootstrapWrites(file: HostFile): void {
    if (this.#bootstrap) this.#options.lab.append(this.#bootstrap.slot, file);
  }

  /** The bootstrap's installer has started bootkube. @param manifests of the controller, as it has written them */
  bootstrapped(manifests: readonly string[]): void {
    this.#manifests = manifests;
    this.#startController();
  }

  /** The cluster would start the controller's pod now. */
  controllerDue(): void {
    this.#due = true;
    this.#startController();
  }

  end(): void {
    this.stop();
  }

  stop(): void {
    this.#done = true;
    this.#controller?.stop();
    for (const { machine } of this.#hosts.values()) machine.unplug();
  }

  #startController(): void {
    const { runtime, lab, access, tls, controllerSlot, cluster, spoke, onIdle, traffic } = this.#options;
    if (!this.#due || !this.#manifests || !spoke || this.#controller || this.#done) return;
    try {
      this.#controller = new NoopController({
        runtime,
        lab,
        service: { url: access.baseUrl, tls },
        slot: controllerSlot,
        cluster,
        pod: controllerPod(this.#manifests),
        spoke,
        reboots: this.#reboots,
        connection: () => tappedConnection(runtime.telemetry, 'controller', this.onStage, traffic()),
        onDone: () => {
          this.#done = true;
          onIdle();
        },
      });
      this.#controller.start();
    } catch (error) {
      runtime.emit({ type: 'run.warning', time: runtime.clock.now(), message: (error as Error).message });
    }
  }
}
