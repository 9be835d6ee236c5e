/** What a plan says of faults: who is met, and by what. `fault-choice.ts` chooses the hosts and clusters. */
import {
  type ClusterFaultKind,
  FAULTS,
  type FaultBmhState,
  type FaultKey,
  type FaultKind,
  type HostFault,
} from '../../model/faults/faults.ts';
import { parseDuration } from './duration.ts';
import type { FaultProfile, Position } from './plan.ts';
import type { PlanFile } from './schema.ts';

type Given = NonNullable<PlanFile['faults']>[number];

const MINUTE = 60_000;
const GIB = 2 ** 30;
const UNITS: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: GIB, TiB: 2 ** 40, MB: 1e6, GB: 1e9, TB: 1e12 };

/** What Ironic says of such failures: openstack/ironic, conductor/verify.py, conductor/inspection.py, conductor/deployments.py. */
const BMH_MESSAGES: Readonly<Record<FaultBmhState, string>> = {
  registering: 'Failed to get power state: the management controller does not answer',
  inspecting: 'timeout reached while inspecting the node',
  provisioning: 'Deploy step deploy.deploy failed: the virtual media cannot be inserted',
};

/** Keys that say who is met; all faults have them. */
const CHOOSING = new Set(['fault', 'share', 'role', 'from', 'until']);

/**
 * @param positionOf where an entry stands
 * @param refuse told of each value that cannot be, with what is allowed
 */
export function faultProfiles(
  given: PlanFile['faults'],
  positionOf: (entry: number) => Position,
  refuse: (path: readonly (string | number)[], allowed: string) => void,
): FaultProfile[] {
  return (given ?? []).map((entry, i) => {
    const { keys, of } = FAULTS[entry.fault];
    for (const key of Object.keys(entry)) {
      if (CHOOSING.has(key) || keys.includes(key as FaultKey)) continue;
      const own = keys.length === 0 ? 'it takes none' : `it takes ${keys.join(', ')}`;
      refuse([i, key], `only with ${withKey(key as FaultKey).join(', ')} (fault ${entry.fault}: ${own})`);
    }
    if (of === 'cluster' && entry.role !== undefined) {
      refuse([i, 'role'], `none with ${entry.fault}, which is a fault of whole clusters`);
    }
    const share = Number.parseFloat(entry.share) / 100;
    if (share === 0) refuse([i, 'share'], 'more than 0%');
    const fromMs = entry.from === undefined ? 0 : parseDuration(entry.from) * 1000;
    const untilMs = entry.until === undefined ? Number.POSITIVE_INFINITY : parseDuration(entry.until) * 1000;
    if (untilMs <= fromMs) refuse([i, 'until'], `later than from (${entry.from ?? '0s'})`);
    return {
      position: positionOf(i),
      share,
      role: entry.role ?? null,
      fromMs,
      untilMs,
      fault: readFault(entry, (key, allowed) => refuse([i, key], allowed)),
    };
  });
}

function withKey(key: FaultKey): string[] {
  return Object.entries(FAULTS)
    .filter(([, { keys }]) => keys.includes(key))
    .map(([name]) => name);
}

function readFault(
  given: Given,
  refuse: (key: FaultKey, allowed: string) => void,
): HostFault | { kind: ClusterFaultKind } {
  const kind: FaultKind = given.fault;
  const ms = (text: string | undefined, otherwise: number) =>
    text === undefined ? otherwise : parseDuration(text) * 1000;
  switch (kind) {
    case 'late-boot':
      if (given.by?.startsWith('-')) refuse('by', 'a duration without a sign');
      return { kind, byMs: ms(given.by?.replace(/^-/, ''), 10 * MINUTE) };
    case 'clock-skew': {
      const { by = '-30m' } = given;
      return { kind, byMs: ms(by.replace(/^-/, ''), 0) * (by.startsWith('-') ? -1 : 1) };
    }
    case 'reboot':
      return { kind, at: given.at ?? 'writing', afterMs: ms(given.after, MINUTE / 2) };
    case 'silent':
    case 'agent-restart':
      return { kind, at: given.at ?? 'discovered', afterMs: ms(given.after, MINUTE / 2) };
    case 'agent-image-pull':
      return { kind, lastingMs: ms(given.lasting, 5 * MINUTE) };
    case 'installer-fails':
      return {
        kind,
        stage: given.stage ?? 'Writing image to disk',
        message: given.message ?? 'failed to write image to disk: input/output error',
      };
    case 'hardware': {
      const cpus = given.cpus ?? null;
      const memoryBytes = bytes(given.memory);
      const diskBytes = bytes(given.disk);
      const nothing = cpus === null && memoryBytes === null && diskBytes === null;
      return { kind, cpus: nothing ? 1 : cpus, memoryBytes, diskBytes };
    }
    case 'duplicate-hostname':
    case 'duplicate-id':
      return { kind, of: 0 };
    case 'no-connectivity':
      return { kind, peers: given.peers === undefined ? 1 : Number.parseFloat(given.peers) / 100 };
    case 'image-unavailable':
      return { kind, lastingMs: given.lasting === undefined ? null : ms(given.lasting, 0) };
    case 'slow-disk':
      return { kind, syncMs: ms(given.latency, 50) };
    case 'bmh-stuck':
      return { kind, state: given.state ?? 'provisioning' };
    case 'bmh-fails':
      return {
        kind,
        state: given.state ?? 'provisioning',
        message: given.message ?? BMH_MESSAGES[given.state ?? 'provisioning'],
      };
    default:
      return { kind };
  }
}

/** `16GiB`, `20GB`; null where nothing is given. */
function bytes(text: string | undefined): number | null {
  if (text === undefined) return null;
  const [, amount, unit] = /^([\d.]+)([MGT]i?B)$/.exec(text)!;
  return Math.round(Number(amount) * UNITS[unit!]!);
}
