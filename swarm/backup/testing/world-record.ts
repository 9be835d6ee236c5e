/** What has really happened in a world, as its store has it: what figures are compared with. */
import type { DevWorkspaceWorld } from '../../../controller-mock/index.ts';
import type { StoreChange } from '../../../controller-mock/store/store.ts';
import { LABELS } from '../../../controller-mock/worlds/devworkspace/world-objects.ts';

interface JobRecord {
  /** `namespace/name` of its workspace. */
  readonly workspace: string;
  outcome: 'succeeded' | 'failed' | null;
  pods: number;
}

/** Of all that has ever been there. */
export interface WorldFacts {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly unfinished: number;
  readonly pods: number;
  /** Workspaces by how many Jobs they had; those without one are not in it. */
  readonly workspacesByJobs: Readonly<Record<string, number>>;
}

export class WorldRecord {
  readonly #jobs = new Map<string, JobRecord>();
  readonly #workspaces = new Set<string>();

  constructor(world: DevWorkspaceWorld) {
    world.cluster.store.observe((change) => this.#follow(change));
  }

  /** Workspaces that were ever made. */
  get workspaces(): number {
    return this.#workspaces.size;
  }

  get facts(): WorldFacts {
    const jobs = [...this.#jobs.values()];
    const count = (outcome: JobRecord['outcome']) => jobs.filter((job) => job.outcome === outcome).length;
    const byWorkspace = Map.groupBy(jobs, ({ workspace }) => workspace);
    const workspacesByJobs: Record<string, number> = {};
    for (const { length } of byWorkspace.values()) workspacesByJobs[length] = (workspacesByJobs[length] ?? 0) + 1;
    return {
      total: jobs.length,
      succeeded: count('succeeded'),
      failed: count('failed'),
      unfinished: count(null),
      pods: jobs.reduce((sum, { pods }) => sum + pods, 0),
      workspacesByJobs,
    };
  }

  #follow({ collection, type, record: { object } }: StoreChange): void {
    const { uid = '', namespace = '', labels = {}, ownerReferences = [] } = object.metadata;
    if (collection === 'workspace.devfile.io/devworkspaces') this.#workspaces.add(uid);
    if (collection === '/pods' && type === 'ADDED') {
      const job = this.#jobs.get(ownerReferences[0]?.uid ?? '');
      if (job) job.pods += 1;
    }
    if (collection !== 'batch/jobs' || labels[LABELS.backupJob] !== 'true') return;
    let job = this.#jobs.get(uid);
    if (!job) {
      job = { workspace: `${namespace}/${labels[LABELS.name]}`, outcome: null, pods: 0 };
      this.#jobs.set(uid, job);
    }
    const { conditions = [] } = (object.status ?? {}) as { conditions?: { type: string; status: string }[] };
    for (const condition of conditions) {
      if (condition.status !== 'True') continue;
      if (condition.type === 'Complete') job.outcome = 'succeeded';
      if (condition.type === 'Failed') job.outcome = 'failed';
    }
  }
}
