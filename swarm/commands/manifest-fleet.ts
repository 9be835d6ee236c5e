/** The one reading of plan, values and templates for all of `swarm manifests`: what is rendered is what is applied and removed. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  clusterValues,
  ManifestRenderer,
  type RunValues,
  runValues,
  TemplateError,
  TemplateSet,
} from '../../manifests/index.ts';
import { hostFacts, withNetwork } from '../daemon/manifest-hosts.ts';
import { runToken } from '../host/identity.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { InputError } from './exit.ts';
import type { HubFlags } from './hub-access.ts';
import { note } from './note.ts';
import { expandWith, readPlanFiles } from './read-plan.ts';
import { readValues, valuesOfPlan } from './read-values.ts';

export interface ManifestFleetOptions {
  /** Path of a values file; the plan's own when absent. */
  values?: string;
  /** Path of a folder; the plan's own when absent. */
  templates?: string;
  seed?: string;
}

/** Manifests of one cluster; those that exist once have no cluster and come first. */
export interface Piece {
  cluster: string | null;
  text: string;
}

/** What a whole rendering has. */
export interface ManifestFleetSurvey {
  objects: number;
  /** Objects by `apiVersion kind`. */
  kinds: ReadonlyMap<string, number>;
  /** SHA-256 of all text: the same for the same manifests. */
  digest: string;
}

/** Milliseconds of work after which others get their turn. */
const TURN_MS = 50;

export class ManifestFleet {
  readonly plan: ExpandedPlan;
  readonly #run: RunValues;
  readonly #templates: TemplateSet;

  /** @throws InputError */
  constructor(files: readonly string[], options: ManifestFleetOptions) {
    const { values, templates, seed } = options;
    if (files.length === 0 && values === undefined) {
      throw new InputError('nothing to render; give a plan, or --values with a file that has swarm_size');
    }
    const given = files.length > 0 ? readPlanFiles(files, note) : null;
    const read = values === undefined ? valuesOfPlan(given!) : readValues(values, given);
    const ownTemplates = templates ?? given?.manifests.templates ?? undefined;
    if (!read.plan.seedGiven && seed === undefined) {
      note(`the plan has no seed; invented: ${read.plan.seed} (--seed ${read.plan.seed} gives the same names again)`);
    }
    this.plan = withNetwork(expandWith(read.plan, seed === undefined ? {} : { seed }), read.network);
    this.#run = runValues(
      {
        name: `${this.plan.name}-${runToken(this.plan.seed)}`,
        seed: this.plan.seed,
        clusters: this.plan.clusters.filter((cluster) => !cluster.justInfraEnv).length,
      },
      read.values,
    );
    this.#templates = inputErrors(() => new TemplateSet(ownTemplates));
  }

  /** Value of the label of all objects. */
  get label(): string {
    return this.#run.run.name;
  }

  /** The hub that is meant: what the command line says, else the plan. */
  hubOf({ kubeconfig, context }: HubFlags): HubFlags {
    const own = this.plan.hub?.kubeconfig === 'embedded' ? null : this.plan.hub;
    const file = kubeconfig ?? own?.kubeconfig;
    const chosen = context ?? (kubeconfig === undefined ? own?.context : null);
    return { ...(file !== undefined && { kubeconfig: file }), ...(chosen != null && { context: chosen }) };
  }

  renderer(): ManifestRenderer {
    return new ManifestRenderer(this.#templates, this.#run);
  }

  /** Renders piece by piece. @throws TemplateError, RangeError: see {@link inputErrors} */
  *pieces(renderer: ManifestRenderer = this.renderer()): Generator<Piece, void> {
    yield { cluster: null, text: renderer.once() };
    const factsOf = hostFacts(this.plan.seed);
    for (const cluster of this.plan.clusters) {
      yield { cluster: cluster.name, text: renderer.cluster(clusterValues(this.#run, cluster, factsOf)) };
    }
  }

  /** Renders everything and keeps nothing of it, so that what is wrong shows before anything is done. @throws InputError */
  async survey(signal: AbortSignal): Promise<ManifestFleetSurvey> {
    const renderer = this.renderer();
    const hash = createHash('sha256');
    const pieces = this.pieces(renderer);
    let turn = performance.now();
    for (let next = inputErrors(() => pieces.next()); !next.done; next = inputErrors(() => pieces.next())) {
      hash.update(next.value.text);
      if (performance.now() - turn < TURN_MS) continue;
      await nextTurn();
      signal.throwIfAborted();
      turn = performance.now();
    }
    const objects = [...renderer.types.values()].reduce((sum, count) => sum + count, 0);
    return { objects, kinds: renderer.types, digest: hash.digest('hex') };
  }
}

/** @throws InputError in place of what is the user's to mend */
export function inputErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateError || error instanceof RangeError)
      throw new InputError(error.message, { cause: error });
    throw error;
  }
}
