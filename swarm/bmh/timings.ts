/**
 * How long the work of a management controller and of the operator's provisioner takes, and what fails: the numbers of the
 * table in node-stages.ts. Orders of magnitude of bare metal that boots by virtual media; none of them is the operator's own,
 * whose retries and back-off are in back-off.ts.
 */
import type { FaultBmhState, HostFault } from '../../model/faults/faults.ts';
import { type Span, seconds } from '../../model/time/span.ts';

/** In simulated time. What the operator's polling adds (3 s or 10 s, and up to a quarter more) is in them. */
export interface BmhTimings {
  /** Credentials are tried, power and firmware mode are read. */
  verify: Span;
  /** From the start of the ramdisk to its report, where the operator inspects the hardware. */
  inspect: Span;
  /** Manual cleaning, which arrays of disks need. */
  prepare: Span;
  /** Automated cleaning of the disks' metadata, from the start of the ramdisk. */
  clean: Span;
  /** A live image is attached; the machine is powered then. */
  liveImage: Span;
  /** A ramdisk that runs is told to begin a custom deployment. */
  customDeploy: Span;
  /** An image is written to the disk, from the start of the ramdisk. */
  writeImage: Span;
  /** What was deployed is taken away. */
  deprovision: Span;
  /** A machine that was provisioned before is taken over. */
  adopt: Span;
  powerOn: Span;
  powerOff: Span;
  /** The operating system shuts down, before the power goes. */
  softPowerOff: Span;
  /** From the power to the first program of the booted image: firmware, the image's download by the controller, its kernel. */
  boot: Span;
}

export const BMH_TIMINGS: Readonly<BmhTimings> = {
  verify: seconds(6, 8),
  inspect: seconds(60, 60),
  prepare: seconds(120, 120),
  clean: seconds(60, 60),
  liveImage: seconds(15, 15),
  customDeploy: seconds(5, 10),
  writeImage: seconds(240, 120),
  deprovision: seconds(10, 10),
  adopt: seconds(3, 4),
  powerOn: seconds(3, 3),
  powerOff: seconds(3, 3),
  softPowerOff: seconds(10, 20),
  boot: seconds(120, 120),
};

/** What can fail, by the word of the operator's action. */
export const BMH_OPERATIONS = [
  'register',
  'inspect',
  'prepare',
  'provision',
  'deprovision',
  'adopt',
  'powerOn',
  'powerOff',
] as const;
export type BmhOperation = (typeof BMH_OPERATIONS)[number];

/** A failure as a row: which share of the hosts, and how often. */
export interface BmhFailure {
  operation: BmhOperation;
  /** Of all hosts, 0 to 1. Which ones follows from the seed and their names. */
  share: number;
  /** How many attempts fail before one succeeds; all of them when absent. */
  times?: number;
  /** As the provisioner says it: part of `status.errorMessage`. */
  message: string;
}

/** What goes wrong with one host, again and again: its work in a state never ends, or fails. */
export type BmhFault = Extract<HostFault, { state: FaultBmhState }>;

/** The work of a state at which a fault meets a host. */
export const OPERATION_OF: Readonly<Record<FaultBmhState, BmhOperation>> = {
  registering: 'register',
  inspecting: 'inspect',
  provisioning: 'provision',
};

/** @throws Error for a share outside of 0 to 1, shares of one operation that exceed 1 together, or `times` that is no count */
export function checkFailures(failures: readonly BmhFailure[]): void {
  const shares = new Map<BmhOperation, number>();
  for (const { operation, share, times } of failures) {
    if (!(BMH_OPERATIONS as readonly string[]).includes(operation)) {
      throw new Error(`"${operation}" is not an operation that can fail: use one of ${BMH_OPERATIONS.join(', ')}`);
    }
    if (!(share >= 0 && share <= 1)) {
      throw new Error(`the failure of ${operation} has share ${share}: it must be a number from 0 to 1`);
    }
    if (times !== undefined && !(Number.isInteger(times) && times > 0)) {
      throw new Error(`the failure of ${operation} has times ${times}: it must be a whole number from 1`);
    }
    shares.set(operation, (shares.get(operation) ?? 0) + share);
  }
  for (const [operation, sum] of shares) {
    if (sum > 1 + 1e-9)
      throw new Error(`the failures of ${operation} have shares of ${sum} together: at most 1 is possible`);
  }
}
