/**
 * The operator's provisioner (Ironic): answers what the operator asks about a machine, and begins work on it. All answers are
 * immediate; what takes time is a stage of node-stages.ts, after which {@link NodeListener.changed} tells that it is worth
 * asking again. Upstream: metal3-io/baremetal-operator, pkg/provisioner/ironic/{ironic,register,inspecthardware}.go.
 */
import { Lifecycle, type StageTable } from '../../model/lifecycle/lifecycle.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { Draws } from '../../model/time/random.ts';
import { type BareMetalHost, hasVolumes, inspectionDisabled, isDeleted, type Raid } from './bare-metal-host.ts';
import type { BmcAccess } from './bmc-address.ts';
import { type CapacityLimit, hasCapacity } from './capacity.ts';
import {
  type Boot,
  type Deployment,
  FROM_DISK,
  isBusy,
  type MachineNode,
  newNode,
  restore,
  uuidOf,
} from './machine-node.ts';
import { cycle, type NodeListener, nodeTable, powerGone } from './node-stages.ts';
import type { BmhFailure, BmhFault, BmhOperation, BmhTimings } from './timings.ts';

/** What came of a question: nothing is left to do, it takes longer, the provisioner does not have the machine, or it failed. */
export type Progress = 'done' | 'working' | 'unregistered' | { error: string };

/** The custom deployment that starts the agent: openshift/ironic-agent-image, hardware_manager/ironic_coreos_install.py. */
const ASSISTED_METHOD = 'start_assisted_install';

/** Events of the host that the provisioner publishes: reason and message. */
export type Publish = (reason: string, message: string) => void;

export interface ProvisionerOptions extends CapacityLimit {
  clock: Clock;
  /** Seeds ids. */
  seed: string;
  timings: BmhTimings;
  failures: readonly BmhFailure[];
  listener: NodeListener;
  drawsOf: (key: string) => Draws;
  /** Of a host's machine, by its bootMACAddress in lower case. */
  faultOf: (mac: string) => BmhFault | null;
}

export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #lifecycle: Lifecycle;
  readonly #table: StageTable<MachineNode>;
  readonly #nodes = new Map<string, MachineNode>();
  /** Keys of registered machines by MAC. */
  readonly #macs = new Map<string, string>();

  constructor(options: ProvisionerOptions) {
    this.#options = options;
    this.#lifecycle = new Lifecycle({ clock: options.clock });
    this.#table = nodeTable(options.timings, options.failures, options.listener);
  }

  node(key: string): MachineNode | undefined {
    return this.#nodes.get(key);
  }

  close(): void {
    this.#lifecycle.close();
  }

  /** The machine of a host; one that is seen for the first time is where its status says it is. */
  nodeOf(key: string, host: BareMetalHost): MachineNode {
    const known = this.#nodes.get(key);
    if (known) {
      if (isDeleted(host)) this.#lift(known);
      return known;
    }
    const mac = host.spec.bootMACAddress?.toLowerCase() ?? '';
    const fault = isDeleted(host) ? null : this.#options.faultOf(mac);
    const node = newNode(key, this.#options.drawsOf(key), fault);
    restore(node, host);
    this.#nodes.set(key, node);
    if (node.state !== null && node.mac) this.#macs.set(node.mac, key);
    this.#lifecycle.add(node, this.#table, node.draws);
    return node;
  }

  /** A host that is being deleted goes whatever was wrong with it: nobody waits for its work. */
  #lift(node: MachineNode): void {
    if (node.fault === null) return;
    const held = node.state === 'deploying';
    this.#change(node, () => {
      node.fault = null;
      if (held) {
        node.state = 'deploy failed';
        node.boot = FROM_DISK;
      }
    });
  }

  /** The host is gone; nobody is left to switch the machine off. */
  forget(key: string): void {
    const node = this.#nodes.get(key);
    if (!node) return;
    this.#lifecycle.remove(node);
    this.#release(node);
    powerGone(node, this.#options.listener);
    this.#nodes.delete(key);
  }

  /** ironicProvisioner.HasCapacity. */
  hasCapacity(node: MachineNode, access: BmcAccess): boolean {
    return hasCapacity(this.#nodes.values(), node, access, this.#options);
  }

  /** Machines that are being inspected, cleaned, deployed or deprovisioned. */
  get busy(): number {
    return [...this.#nodes.values()].filter(isBusy).length;
  }

  /** ironicProvisioner.Register. `id` is set while the provisioner has the machine. */
  register(
    node: MachineNode,
    host: BareMetalHost,
    access: BmcAccess,
    how: { credentialsChanged: boolean; restart: boolean; ramdisk: string | null },
    publish: Publish,
  ): { progress: Progress; id: string } {
    const mac = host.spec.bootMACAddress?.toLowerCase() ?? '';
    if (host.spec.bootMode === 'UEFISecureBoot' && !access.supportsSecureBoot) {
      return refused(`BMC driver ${access.type} does not support secure boot`);
    }
    const owner = this.#macs.get(mac);
    if (node.state === null && mac && owner !== undefined && owner !== node.key) {
      return refused(`MAC address ${mac} conflicts with existing node ${owner.replace('/', '~')}`);
    }
    if ((access.needsMac || inspectionDisabled(host)) && !mac) {
      return refused(`BMC driver ${access.type} requires a BootMACAddress value`);
    }
    if (node.state === null) {
      this.#enrol(node, mac);
      publish('Registered', 'Registered new host');
    }
    node.virtualMedia = access.virtualMedia;
    if (!isBusy(node)) node.automatedClean = host.spec.automatedCleaningMode !== 'disabled';
    if (how.ramdisk !== null) node.ramdisk = how.ramdisk;
    return { progress: this.#verified(node, how), id: node.id };
  }

  #enrol(node: MachineNode, mac: string): void {
    this.#change(node, () => {
      node.enrolments++;
      node.id = uuidOf(`${this.#options.seed}\n${node.key}\n${node.enrolments}`);
      node.state = 'enroll';
      node.mac = mac;
      node.lastError = '';
      node.inspected = false;
    });
    if (mac) this.#macs.set(mac, node.key);
  }

  #verified(
    node: MachineNode,
    { credentialsChanged, restart }: { credentialsChanged: boolean; restart: boolean },
  ): Progress {
    if (node.state === 'verifying') return 'working';
    if (node.state !== 'enroll') return 'done';
    if (node.lastError && !credentialsChanged && !restart) return { error: node.lastError };
    this.#begin(node, 'register', () => {
      node.state = 'verifying';
    });
    return 'working';
  }

  /**
   * ironicProvisioner.InspectHardware.
   * @returns `started` when an inspection began or was aborted by this call
   */
  inspect(
    node: MachineNode,
    { restart, refresh, forceReboot }: { restart: boolean; refresh: boolean; forceReboot: boolean },
    publish: Publish,
  ): { progress: Progress; started: boolean } {
    switch (node.state) {
      case 'inspecting':
        if (forceReboot) this.#startInspection(node);
        return { progress: 'working', started: forceReboot };
      case 'inspect failed':
        if (!restart) return { progress: { error: node.lastError || 'Inspection failed' }, started: false };
        break;
      default:
        if (isBusy(node)) return { progress: 'working', started: false };
        if (node.inspected && !refresh) return { progress: 'done', started: false };
    }
    this.#startInspection(node);
    publish('InspectionStarted', 'Hardware inspection started');
    return { progress: 'working', started: true };
  }

  #startInspection(node: MachineNode): void {
    this.#begin(node, 'inspect', () => {
      node.state = 'inspecting';
      node.inspected = false;
      cycle(node, this.#ramdisk(node), this.#options.listener);
    });
  }

  /** ironicProvisioner.Prepare. `started` when what was asked is done, or begun. */
  prepare(
    node: MachineNode,
    { raid, unprepared, restart }: { raid: Raid | undefined; unprepared: boolean; restart: boolean },
  ): { progress: Progress; started: boolean } {
    if (node.state === 'manual cleaning' || node.state === 'cleaning') return { progress: 'working', started: false };
    if (node.state === 'clean failed') {
      if (!restart) return { progress: { error: node.lastError }, started: false };
      this.#change(node, () => {
        node.state = 'manageable';
      });
      return { progress: 'working', started: false };
    }
    if (!unprepared || !hasVolumes(raid)) return { progress: 'done', started: unprepared };
    this.#begin(node, 'prepare', () => {
      node.state = 'manual cleaning';
      this.#bootRamdisk(node);
    });
    return { progress: 'working', started: true };
  }

  /** ironicProvisioner.Adopt. */
  adopt(node: MachineNode, { deprovisioning, restart }: { deprovisioning: boolean; restart: boolean }): Progress {
    switch (node.state) {
      case null:
        return 'unregistered';
      case 'manageable':
        if (deprovisioning) return 'done';
        break;
      case 'adopting':
        return 'working';
      case 'adopt failed':
        if (!restart) return { error: `Host adoption failed: ${node.lastError}` };
        break;
      default:
        return 'done';
    }
    this.#begin(node, 'adopt', () => {
      node.state = 'adopting';
    });
    return 'working';
  }

  /** ironicProvisioner.Provision. */
  provision(node: MachineNode, host: BareMetalHost, forceReboot: boolean, publish: Publish): Progress {
    const image = host.spec.image?.url ?? '';
    switch (node.state) {
      case 'active':
        publish('ProvisioningComplete', `Image provisioning completed for ${image}`);
        return 'done';
      case 'deploy failed':
        if (node.image !== image) break;
        return { error: `Image provisioning failed (url: ${image}): ${node.lastError}` };
      case 'available':
        break;
      case 'deploy wait':
        if (forceReboot) this.#startDeprovisioning(node);
        return 'working';
      default:
        if (!isBusy(node)) this.#provide(node);
        return 'working';
    }
    this.#deploy(node, host);
    return 'working';
  }

  #provide(node: MachineNode): void {
    this.#change(node, () => {
      node.state = node.automatedClean ? 'cleaning' : 'available';
      if (node.automatedClean) this.#bootRamdisk(node);
      else this.#options.listener.changed(node);
    });
  }

  #deploy(node: MachineNode, { spec: { image, customDeploy } }: BareMetalHost): void {
    const method = customDeploy?.method;
    const deployment: Deployment =
      method === ASSISTED_METHOD ? 'assisted' : !method && image?.format === 'live-iso' ? 'live image' : 'disk image';
    this.#begin(node, 'provision', () => {
      node.state = 'deploying';
      node.deployment = deployment;
      node.image = image?.url ?? '';
      if (deployment === 'live image') cycle(node, { runs: 'agent', image: node.image }, this.#options.listener);
      else this.#bootRamdisk(node);
    });
  }

  /**
   * The agent that a custom deployment has started has ended: well, which ends the deployment, or for a reason.
   * Nothing happens to a machine that waits for nothing of the kind.
   */
  agentEnded(key: string, failure?: string): void {
    const node = this.#nodes.get(key);
    if (node?.state !== 'deploy wait') return;
    this.#change(node, () => {
      node.state = failure === undefined ? 'active' : 'deploy failed';
      node.lastError = failure ?? '';
      node.boot = FROM_DISK;
      this.#options.listener.changed(node);
    });
  }

  /** ironicProvisioner.Deprovision. */
  deprovision(node: MachineNode, restart: boolean, publish: Publish): Progress {
    switch (node.state) {
      case null:
        return 'unregistered';
      case 'error':
        if (!restart) return { error: node.lastError || 'Deprovisioning failed' };
        publish('DeprovisioningStarted', 'Image deprovisioning restarted');
        break;
      case 'manageable':
      case 'clean failed':
        this.#provide(node);
        return 'working';
      case 'available':
        publish('DeprovisioningComplete', 'Image deprovisioning completed');
        return 'done';
      case 'deploy wait':
        publish('DeprovisioningStarted', 'Image deprovisioning started');
        break;
      default:
        if (isBusy(node)) return 'working';
        publish('DeprovisioningStarted', 'Image deprovisioning started');
    }
    this.#startDeprovisioning(node);
    return 'working';
  }

  #startDeprovisioning(node: MachineNode): void {
    this.#begin(node, 'deprovision', () => {
      node.state = 'deleting';
    });
  }

  /** ironicProvisioner.Delete and Detach: the provisioner does not have the machine any more, which goes on as it is. */
  remove(node: MachineNode, force: boolean): Progress {
    if (node.state === null) return 'done';
    if (node.state === 'verifying' || (isBusy(node) && !force)) return 'working';
    this.#change(node, () => {
      this.#release(node);
      node.state = null;
      node.targetPower = null;
    });
    return 'done';
  }

  #release(node: MachineNode): void {
    if (this.#macs.get(node.mac) === node.key) this.#macs.delete(node.mac);
  }

  /** ironicProvisioner.PowerOn. */
  powerOn(node: MachineNode, restart: boolean, publish: Publish): Progress {
    if (node.power) return 'done';
    if (node.targetPower !== null || isBusy(node)) return 'working';
    if (node.lastError && !restart) return { error: `PowerOn operation failed: ${node.lastError}` };
    this.#askPower(node, 'on');
    publish('PowerOn', 'Host powered on');
    return 'working';
  }

  /** ironicProvisioner.PowerOff. */
  powerOff(node: MachineNode, mode: 'hard' | 'soft', restart: boolean, publish: Publish): Progress {
    if (node.state === null) return 'unregistered';
    if (node.state === 'inspecting' || node.state === 'manual cleaning') {
      this.#change(node, () => {
        node.state = 'manageable';
      });
    }
    if (isBusy(node)) return 'working';
    if (!node.power && node.targetPower !== 'on') return 'done';
    if (node.targetPower === 'off' || node.targetPower === 'soft off') return 'working';
    if (node.lastError && !restart) return { error: node.lastError };
    const soft = mode === 'soft' && !restart;
    publish('PowerOff', soft ? 'Host soft powered off' : 'Host powered off');
    this.#askPower(node, soft ? 'soft off' : 'off');
    return node.power ? 'working' : 'done';
  }

  /** A machine that may not be switched off is switched off and on at once. */
  reboot(node: MachineNode, publish: Publish): void {
    publish('PowerOff', 'Host powered off');
    this.#change(node, () => cycle(node, node.boot, this.#options.listener));
  }

  #askPower(node: MachineNode, target: 'on' | 'off' | 'soft off'): void {
    this.#begin(node, target === 'on' ? 'powerOn' : 'powerOff', () => {
      node.powerAsked = true;
      // One that is about to be switched on never was.
      node.targetPower = target !== 'on' && !node.power ? null : target;
    });
  }

  #ramdisk(node: MachineNode): Boot {
    return { runs: 'ramdisk', image: node.ramdisk };
  }

  /** A ramdisk that runs already is used. OpenShift sets Ironic up so: metal3-io/ironic-image, IRONIC_FAST_TRACK. */
  #bootRamdisk(node: MachineNode): void {
    const { power, boot, ramdisk } = node;
    if (power && boot.runs === 'ramdisk' && boot.image === ramdisk) return;
    cycle(node, this.#ramdisk(node), this.#options.listener);
  }

  #begin(node: MachineNode, operation: BmhOperation, change: () => void): void {
    this.#lifecycle.change(node, () => {
      node.attempts[operation] = (node.attempts[operation] ?? 0) + 1;
      node.lastError = '';
      change();
    });
  }

  #change(node: MachineNode, change: () => void): void {
    this.#lifecycle.change(node, change);
  }
}

function refused(error: string): { progress: Progress; id: string } {
  return { progress: { error }, id: '' };
}
