/** What the machine-config operator of a spoke writes: MachineConfigs, pools, annotations of nodes. */
import type { SpokeDraws } from '../../../model/spoke/draws.ts';
import type { Member } from '../../../model/spoke/stages.ts';
import type { KubeObject } from '../../api/object.ts';
import { machineConfig, machineConfigPool } from './cluster-objects.ts';
import { RESOURCES } from './kinds.ts';
import { markConfigured } from './node-objects.ts';
import type { ObjectHost } from './object-host.ts';
import type { SpokeObjects } from './spoke-objects.ts';

const POOLS = ['master', 'worker'] as const;

export class MachineConfigObjects {
  readonly #objects: SpokeObjects;
  readonly #draws: SpokeDraws;
  readonly #members: ReadonlyMap<string, Member<ObjectHost>>;
  #rendered = false;

  constructor(objects: SpokeObjects, draws: SpokeDraws, members: ReadonlyMap<string, Member<ObjectHost>>) {
    this.#objects = objects;
    this.#draws = draws;
    this.#members = members;
  }

  createPools(): void {
    for (const pool of POOLS) this.#objects.create(RESOURCES.machineConfigPools, machineConfigPool(pool));
    this.countNodes();
  }

  /** MachineConfigs are there, and the nodes that are ready have theirs. */
  render(): void {
    this.#rendered = true;
    for (const role of POOLS) {
      this.#objects.create(RESOURCES.machineConfigs, machineConfig(`00-${role}`, role));
      this.#objects.create(RESOURCES.machineConfigs, machineConfig(this.#configOf(role), role));
    }
    for (const member of this.#members.values()) {
      if (member.state !== 'ready') continue;
      this.#objects.modify(RESOURCES.nodes, '', member.host.nodeName, (draft) => this.configure(draft, member.role));
    }
    this.countNodes();
  }

  /** Annotates a node that is ready, once there are MachineConfigs. */
  configure(node: KubeObject, role: string): void {
    if (this.#rendered) markConfigured(node, this.#configOf(role));
  }

  /** Brings the counts of the pools up to date. */
  countNodes(): void {
    for (const pool of POOLS) {
      const members = [...this.#members.values()].filter(({ role }) => poolOf(role) === pool);
      const joined = members.filter(({ state }) => state === 'joined' || state === 'ready').length;
      const ready = members.filter(({ state }) => state === 'ready').length;
      const updated = this.#rendered ? ready : 0;
      const done = joined > 0 && updated === joined;
      this.#objects.modify(RESOURCES.machineConfigPools, '', pool, (draft) => {
        const now = this.#objects.now();
        const condition = (type: string, on: boolean) => ({
          type,
          status: on ? 'True' : 'False',
          reason: '',
          message: '',
          lastTransitionTime: now,
        });
        draft.status = {
          ...(this.#rendered && { configuration: { name: this.#configOf(pool) } }),
          machineCount: joined,
          readyMachineCount: updated,
          updatedMachineCount: updated,
          unavailableMachineCount: joined - ready,
          degradedMachineCount: 0,
          conditions: [condition('Updated', done), condition('Updating', !done), condition('Degraded', false)],
        };
      });
    }
  }

  #configOf(role: string): string {
    const pool = poolOf(role);
    return `rendered-${pool}-${this.#draws.uuid(`rendered/${pool}`).replaceAll('-', '')}`;
  }
}

/** Arbiters take part in the masters' pool. */
function poolOf(role: string): 'master' | 'worker' {
  return role === 'worker' ? 'worker' : 'master';
}
