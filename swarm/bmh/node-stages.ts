/** What happens to a machine by itself: the table of its stages, made of durations and failures. */
import { type Stage, type StageTable, stageTable } from '../../model/lifecycle/lifecycle.ts';
import type { Span } from '../../model/time/span.ts';
import { type Boot, FROM_DISK, type MachineNode, type NodeState } from './machine-node.ts';
import { type BmhFailure, type BmhOperation, type BmhTimings, OPERATION_OF } from './timings.ts';

/** Told when something happened; each within a stage's effect. */
export interface NodeListener {
  /** What the provisioner would answer about it has changed. */
  changed(node: MachineNode): void;
  /** It runs what it booted, or its power went. */
  power(node: MachineNode): void;
}

/** Work that ends by itself, well or not. */
interface Work {
  name: string;
  group: 'work' | 'power';
  /** Whose failures it can have. */
  operation?: BmhOperation;
  when(node: MachineNode): boolean;
  /** It fails only then; whenever absent. */
  canFail?(node: MachineNode): boolean;
  delay: Span;
  effect(node: MachineNode): void;
  /** What a failure makes of it. */
  failed?(node: MachineNode): void;
}

/** So small that a success is as good as never drawn beside failures of all hosts, and still possible without them. */
const HARDLY = 1e-12;

export function nodeTable(
  timings: BmhTimings,
  failures: readonly BmhFailure[],
  listener: NodeListener,
): StageTable<MachineNode> {
  const rows: Stage<MachineNode>[] = [];
  for (const work of nodeWork(timings, listener)) {
    const own = failures.filter(({ operation, share }) => operation === work.operation && share > 0);
    const effect = (change: (node: MachineNode) => void) => (node: MachineNode) => {
      change(node);
      listener.changed(node);
    };
    rows.push({
      name: work.name,
      group: work.group,
      when: (node) => work.when(node) && !isMet(node, work),
      delay: work.delay,
      weight: Math.max(HARDLY, 1 - own.reduce((sum, { share }) => sum + share, 0)),
      effect: effect(work.effect),
    });
    const { failed } = work;
    if (failed && FAULTY.has(work.operation!)) {
      rows.push({
        name: `${work.name} fails by its fault`,
        group: work.group,
        when: (node) => work.when(node) && isMet(node, work) && node.fault!.kind === 'bmh-fails',
        delay: work.delay,
        effect: effect((node) => {
          node.lastError = (node.fault as { message: string }).message;
          failed(node);
        }),
      });
    }
    own.forEach(({ operation, share, times = Number.POSITIVE_INFINITY, message }, i) => {
      rows.push({
        name: `${work.name} fails ${i}`,
        group: work.group,
        when: (node) =>
          work.when(node) &&
          !isMet(node, work) &&
          (work.canFail?.(node) ?? true) &&
          (node.attempts[operation] ?? 0) <= times,
        delay: work.delay,
        weight: share,
        effect: effect((node) => {
          node.lastError = message;
          work.failed!(node);
        }),
      });
    });
  }
  return stageTable(rows);
}

const FAULTY: ReadonlySet<BmhOperation> = new Set(Object.values(OPERATION_OF));

/** It is this work at which the machine's own fault meets it: done it never is. */
function isMet({ fault }: MachineNode, { operation }: Work): boolean {
  return fault !== null && operation === OPERATION_OF[fault.state];
}

/** An image that never comes to be deployed boots nowhere, although the power is on. */
function lacksImage({ fault, boot }: MachineNode): boolean {
  return fault?.state === 'provisioning' && boot.runs === 'agent';
}

const becomes = (state: NodeState) => (node: MachineNode) => {
  node.state = state;
};

/** The ramdisk that the work is done in runs. */
const inRamdisk = ({ booted, boot }: MachineNode) => booted && boot.runs === 'ramdisk';

const asked = ({ powerAsked }: MachineNode) => powerAsked;

const givesUpPower = (node: MachineNode) => {
  node.targetPower = null;
};

function nodeWork(timings: BmhTimings, listener: NodeListener): Work[] {
  return [
    ...preparatoryWork(timings),
    ...deployment(timings, listener),
    {
      name: 'switch on',
      group: 'power',
      operation: 'powerOn',
      when: ({ targetPower, power }) => targetPower === 'on' && !power,
      delay: timings.powerOn,
      effect: (node) => {
        node.power = true;
        node.targetPower = null;
      },
      canFail: asked,
      failed: givesUpPower,
    },
    {
      name: 'switch off',
      group: 'power',
      operation: 'powerOff',
      when: ({ targetPower, power }) => targetPower === 'off' && power,
      delay: timings.powerOff,
      effect: (node) => powerGone(node, listener),
      canFail: asked,
      failed: givesUpPower,
    },
    {
      name: 'shut down',
      group: 'power',
      operation: 'powerOff',
      when: ({ targetPower, power }) => targetPower === 'soft off' && power,
      delay: timings.softPowerOff,
      effect: (node) => powerGone(node, listener),
      canFail: asked,
      failed: givesUpPower,
    },
    {
      name: 'boot',
      group: 'power',
      when: (node) => node.power && !node.booted && node.targetPower === null && !lacksImage(node),
      delay: timings.boot,
      effect: (node) => {
        node.booted = true;
        listener.power(node);
      },
    },
  ];
}

/** What comes before a machine can be used. */
function preparatoryWork(timings: BmhTimings): Work[] {
  return [
    {
      name: 'verify',
      group: 'work',
      operation: 'register',
      when: ({ state }) => state === 'verifying',
      delay: timings.verify,
      effect: becomes('manageable'),
      failed: becomes('enroll'),
    },
    {
      name: 'inspect',
      group: 'work',
      operation: 'inspect',
      when: (node) => node.state === 'inspecting' && inRamdisk(node),
      delay: timings.inspect,
      effect: (node) => {
        node.state = 'manageable';
        node.inspected = true;
      },
      failed: becomes('inspect failed'),
    },
    {
      name: 'prepare',
      group: 'work',
      operation: 'prepare',
      when: (node) => node.state === 'manual cleaning' && inRamdisk(node),
      delay: timings.prepare,
      effect: becomes('manageable'),
      failed: becomes('clean failed'),
    },
    {
      name: 'clean',
      group: 'work',
      when: (node) => node.state === 'cleaning' && inRamdisk(node),
      delay: timings.clean,
      effect: becomes('available'),
    },
  ];
}

/** What puts something on a machine, and takes it away. */
function deployment(timings: BmhTimings, listener: NodeListener): Work[] {
  return [
    {
      name: 'deploy live image',
      group: 'work',
      operation: 'provision',
      when: ({ state, deployment, power }) => state === 'deploying' && deployment === 'live image' && power,
      delay: timings.liveImage,
      effect: becomes('active'),
      failed: becomes('deploy failed'),
    },
    {
      name: 'start agent',
      group: 'work',
      operation: 'provision',
      when: (node) => node.state === 'deploying' && node.deployment === 'assisted' && inRamdisk(node),
      delay: timings.customDeploy,
      effect: (node) => {
        node.state = 'deploy wait';
        node.boot = { runs: 'agent', image: node.boot.image };
        listener.power(node);
      },
      failed: becomes('deploy failed'),
    },
    {
      name: 'write image',
      group: 'work',
      operation: 'provision',
      when: (node) => node.state === 'deploying' && node.deployment === 'disk image' && inRamdisk(node),
      delay: timings.writeImage,
      effect: (node) => {
        node.state = 'active';
        node.boot = FROM_DISK;
        listener.power(node);
      },
      failed: becomes('deploy failed'),
    },
    {
      name: 'deprovision',
      group: 'work',
      operation: 'deprovision',
      when: ({ state }) => state === 'deleting',
      delay: timings.deprovision,
      effect: (node) => {
        node.deployment = null;
        node.image = '';
        powerGone(node, listener);
        node.boot = FROM_DISK;
        if (node.automatedClean) cycle(node, { runs: 'ramdisk', image: node.ramdisk }, listener);
        node.state = node.automatedClean ? 'cleaning' : 'available';
      },
      failed: becomes('error'),
    },
    {
      name: 'adopt',
      group: 'work',
      operation: 'adopt',
      when: ({ state }) => state === 'adopting',
      delay: timings.adopt,
      effect: becomes('active'),
      failed: becomes('adopt failed'),
    },
  ];
}

/** Switches it off and on, so that it boots something else. The provisioner's own doing. */
export function cycle(node: MachineNode, boot: Boot, listener: NodeListener): void {
  powerGone(node, listener);
  node.boot = boot;
  node.targetPower = 'on';
  node.powerAsked = false;
}

/** Cuts the power, at once. */
export function powerGone(node: MachineNode, listener: NodeListener): void {
  const had = node.booted;
  node.power = false;
  node.booted = false;
  node.targetPower = null;
  // Nobody was told of a machine that had not booted.
  if (had) listener.power(node);
}
