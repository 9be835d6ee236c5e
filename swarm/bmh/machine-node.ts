/**
 * A machine as the operator's provisioner (Ironic) knows it: how far it is with it, and the machine's power. The rows of
 * node-stages.ts move it; provisioner.ts asks for the next work.
 *
 *   enroll ─verify─▶ manageable ─provide─▶ (cleaning) ─▶ available ─▶ deploying ─▶ deploy wait ─▶ active
 *      ▲               │   ▲  ▲                              ▲           │                          │
 *      └─ it failed    │   │  └ inspecting ◀─▶ inspect failed │        deploy failed                │
 *                      │   └ manual cleaning ◀─▶ clean failed └── (cleaning) ◀── deleting ◀─────────┘
 *                      └─adopting─▶ active
 */
import { createHash } from 'node:crypto';
import type { Draws } from '../../model/time/random.ts';
import type { BareMetalHost } from './bare-metal-host.ts';
import type { BmhFault, BmhOperation } from './timings.ts';

/** Words of Ironic's provision states. `deploy wait` is a custom deployment whose step runs on the machine. */
export type NodeState =
  | 'enroll'
  | 'verifying'
  | 'manageable'
  | 'inspecting'
  | 'inspect failed'
  | 'manual cleaning'
  | 'clean failed'
  | 'cleaning'
  | 'available'
  | 'deploying'
  | 'deploy wait'
  | 'deploy failed'
  | 'active'
  | 'deleting'
  | 'error'
  | 'adopting'
  | 'adopt failed';

/**
 * What a machine runs once it has booted: the discovery image with the agent on it, started; a ramdisk that speaks to the
 * provisioner alone (in the converged flow the discovery image with its agent not yet started); or what is on the disk.
 */
export interface Boot {
  runs: 'agent' | 'ramdisk' | 'disk';
  /** URL of the image; '' for the disk. */
  image: string;
}

export const FROM_DISK: Boot = { runs: 'disk', image: '' };

/** How an image is deployed. */
export type Deployment = 'live image' | 'assisted' | 'disk image';

export interface MachineNode {
  readonly key: string;
  readonly draws: Draws;
  /** What goes wrong with it until its host is deleted; null for nothing. */
  fault: BmhFault | null;
  /** Null while the provisioner does not have it. */
  state: NodeState | null;
  /** The provisioner's id; that of a machine it does not have any more. */
  id: string;
  /** Counts enrolments, each of which gets an id of its own. */
  enrolments: number;
  virtualMedia: boolean;
  /** Lower case. */
  mac: string;
  /** Why the last work failed; '' when it did not. */
  lastError: string;
  /** Attempts begun, by operation. */
  attempts: Partial<Record<BmhOperation, number>>;
  /** There is a report of an inspection. */
  inspected: boolean;
  /** Its disks are cleaned when it is provided and deprovisioned. */
  automatedClean: boolean;
  deployment: Deployment | null;
  /** URL of what is being deployed, or is. */
  image: string;
  /** URL of the ramdisk; '' for the provisioner's own. */
  ramdisk: string;
  power: boolean;
  targetPower: 'on' | 'off' | 'soft off' | null;
  /** The user wants the change of power, which can fail then; the provisioner's own cannot. */
  powerAsked: boolean;
  /** What it runs, or will once it has booted. */
  boot: Boot;
  /** The power is on, and what it boots runs. */
  booted: boolean;
}

export function newNode(key: string, draws: Draws, fault: BmhFault | null): MachineNode {
  return {
    key,
    draws,
    fault,
    state: null,
    id: '',
    enrolments: 0,
    virtualMedia: true,
    mac: '',
    lastError: '',
    attempts: {},
    inspected: false,
    automatedClean: false,
    deployment: null,
    image: '',
    ramdisk: '',
    power: false,
    targetPower: null,
    powerAsked: false,
    boot: FROM_DISK,
    booted: false,
  };
}

/** The provisioner is at work, and may not be disturbed. */
export function isBusy({ state }: MachineNode): boolean {
  return (
    state === 'inspecting' ||
    state === 'manual cleaning' ||
    state === 'cleaning' ||
    state === 'deploying' ||
    state === 'deploy wait' ||
    state === 'deleting'
  );
}

/** Where a machine is by its host's status, when this program meets it: after a start of its own, or after another's work. */
export function restore(node: MachineNode, { spec, status }: BareMetalHost): void {
  const { provisioning, poweredOn, operationalStatus } = status;
  node.id = provisioning.ID;
  node.mac = spec.bootMACAddress?.toLowerCase() ?? '';
  node.power = poweredOn;
  if (!provisioning.ID || operationalStatus === 'detached') {
    // What a machine does that the provisioner does not have is nobody's business here.
    node.booted = poweredOn;
    return;
  }
  node.enrolments = 1;
  node.inspected = status.hardware !== undefined;
  node.image = provisioning.image.url;
  switch (provisioning.state) {
    case '':
    case 'unmanaged':
    case 'registering':
      node.state = 'enroll';
      break;
    case 'inspecting':
      node.state = 'manageable';
      node.inspected = false;
      break;
    case 'match profile':
    case 'preparing':
      node.state = 'manageable';
      break;
    case 'ready':
    case 'available':
    case 'provisioning':
      node.state = 'available';
      break;
    default:
      node.state = 'active';
      // A live image boots again; what has been installed runs from the disk.
      if (provisioning.image.format === 'live-iso' && provisioning.state === 'provisioned') {
        node.deployment = 'live image';
        node.boot = { runs: 'agent', image: node.image };
      }
  }
}

/** A UUID that follows from a text. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
