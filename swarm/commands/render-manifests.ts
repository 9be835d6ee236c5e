/** The work of `swarm manifests render`. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  clusterValues,
  type HostFacts,
  ManifestRenderer,
  RUN_LABEL,
  type RunValues,
  runValues,
  TemplateError,
  TemplateSet,
} from '../../manifests/index.ts';
import { buildHost } from '../host/build-host.ts';
import { bmcAddressOf, runToken } from '../host/identity.ts';
import { API_VIP_OFFSET, formatIpv4, GATEWAY_OFFSET, INGRESS_VIP_OFFSET, parseCidr } from '../host/ipv4.ts';
import type { ClusterPlan, ExpandedPlan, HostPlan } from '../plan/expanded-plan.ts';
import { EXIT, InputError } from './exit.ts';
import { catchInterrupts } from './interrupt.ts';
import { FileOutput, FolderOutput, type ManifestOutput, StreamOutput } from './manifest-output.ts';
import { note } from './note.ts';
import { expandWith, readPlanFiles } from './read-plan.ts';
import { type ReadValues, readValues, valuesOfPlan } from './read-values.ts';

export interface RenderOptions {
  values?: string;
  templates?: string;
  seed?: string;
  output?: string;
  dir?: string;
  force?: true;
  json?: true;
}

/** Milliseconds between two lines of progress, and before the first. */
const PROGRESS_MS = 2000;

/** @returns the exit code. @throws InputError */
export async function renderManifests(files: readonly string[], options: RenderOptions): Promise<number> {
  const given = files.length > 0 ? readPlanFiles(files, note) : null;
  const read = options.values === undefined ? valuesOfPlan(given!) : readValues(options.values, given);
  if (!read.plan.seedGiven && options.seed === undefined) {
    note(`the plan has no seed; invented: ${read.plan.seed} (--seed ${read.plan.seed} gives the same names again)`);
  }
  const plan = withNetwork(
    expandWith(read.plan, options.seed === undefined ? {} : { seed: options.seed }),
    read.network,
  );
  const run = runValues(
    {
      name: `${plan.name}-${runToken(plan.seed)}`,
      seed: plan.seed,
      clusters: plan.clusters.filter((cluster) => !cluster.justInfraEnv).length,
    },
    read.values,
  );
  const renderer = new ManifestRenderer(
    inputErrors(() => new TemplateSet(options.templates)),
    run,
  );
  const pieces = renderPieces(renderer, run, plan);
  // What is wrong with templates or networks shows with the first cluster, before anything is written.
  const first = inputErrors(() => [pieces.next(), pieces.next()]);
  const output = outputOf(options);
  return new Rendering(output, plan.clusters.length).run(first, pieces, (bytes) => {
    const summary = {
      run: { label: RUN_LABEL, name: run.run.name, seed: plan.seed },
      clusters: plan.clusters.length,
      objects: [...renderer.counts.values()].reduce((sum, count) => sum + count, 0),
      kinds: Object.fromEntries([...renderer.counts].sort(([a], [b]) => (a < b ? -1 : 1))),
      bytes,
      output: output.name,
    };
    if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    else if (!(output instanceof StreamOutput)) {
      const { objects, clusters } = summary;
      note(`${objects} objects of ${clusters} clusters in ${output.name}; label ${RUN_LABEL}=${run.run.name}`);
    }
  });
}

interface Piece {
  cluster: string | null;
  text: string;
}

function* renderPieces(renderer: ManifestRenderer, run: RunValues, plan: ExpandedPlan): Generator<Piece, void> {
  yield { cluster: null, text: renderer.once() };
  const factsOf = hostFacts(plan.seed);
  for (const cluster of plan.clusters) {
    yield { cluster: cluster.name, text: renderer.cluster(clusterValues(run, cluster, factsOf)) };
  }
}

/** The hosts that agents of the same plan and seed are. */
function hostFacts(seed: string): (cluster: ClusterPlan, host: HostPlan) => HostFacts {
  return (cluster, host) => {
    const { identity, nics } = buildHost(seed, cluster, host);
    return {
      hostname: identity.hostname,
      mac: identity.mac,
      nic: nics.find((nic) => nic.mac === identity.mac)?.name ?? 'eth0',
      ipv4: identity.ipv4,
      bmc: bmcAddressOf(seed, host.index),
    };
  };
}

function outputOf(options: RenderOptions): ManifestOutput {
  if (options.dir !== undefined) return new FolderOutput(options.dir, options.force === true);
  if (options.output !== undefined) return new FileOutput(options.output);
  return new StreamOutput(process.stdout);
}

/** Puts all clusters into one network, where values ask for it. @throws InputError */
function withNetwork(plan: ExpandedPlan, { machineNetwork, apiVip, ingressVip }: ReadValues['network']): ExpandedPlan {
  if (machineNetwork === undefined && apiVip === undefined && ingressVip === undefined) return plan;
  const clusters = plan.clusters.map((cluster) => {
    const { base, prefix } = parseCidr(machineNetwork ?? cluster.machineNetwork).network;
    const at = (offset: number) => formatIpv4(base + offset);
    const withVips = cluster.apiVip !== null;
    return {
      ...cluster,
      machineNetwork: `${formatIpv4(base)}/${prefix}`,
      gateway: at(GATEWAY_OFFSET),
      apiVip: withVips ? (apiVip ?? at(API_VIP_OFFSET)) : null,
      ingressVip: withVips ? (ingressVip ?? at(INGRESS_VIP_OFFSET)) : null,
    };
  });
  return { ...plan, clusters };
}

/** Carries pieces to an output, tells how far it is, and takes everything back when something goes wrong. */
class Rendering {
  readonly #output: ManifestOutput;
  readonly #clusters: number;
  #interrupted = false;
  #bytes = 0;
  #done = 0;

  constructor(output: ManifestOutput, clusters: number) {
    this.#output = output;
    this.#clusters = clusters;
  }

  async run(
    first: readonly IteratorResult<Piece, void>[],
    pieces: Iterator<Piece, void>,
    finished: (bytes: number) => void,
  ): Promise<number> {
    const interrupts = catchInterrupts(() => process.exit(EXIT.interrupted));
    void interrupts.first.then(() => {
      this.#interrupted = true;
    });
    try {
      const read = await this.#write(first, pieces);
      if (this.#interrupted) {
        note(`interrupted after ${this.#done} of ${this.#clusters} clusters; ${this.#output.abort()}`);
        return EXIT.interrupted;
      }
      if (read) await this.#output.finish();
      finished(this.#bytes);
      return EXIT.ok;
    } catch (error) {
      const left = this.#output.abort();
      if (!(error instanceof Error)) throw error;
      const reason =
        error instanceof TemplateError || error instanceof RangeError || (error as NodeJS.ErrnoException).code;
      if (!reason) throw error;
      throw new InputError(`${error.message} (after ${this.#done} of ${this.#clusters} clusters; ${left})`, {
        cause: error,
      });
    } finally {
      interrupts.release();
    }
  }

  /** @returns false when nobody reads the output any more */
  async #write(first: readonly IteratorResult<Piece, void>[], pieces: Iterator<Piece, void>): Promise<boolean> {
    let told = performance.now();
    let turn = told;
    const next = first[Symbol.iterator]();
    for (;;) {
      const started = next.next();
      const { value: piece, done } = started.done ? pieces.next() : started.value;
      if (done) return true;
      if (!(await this.#output.write(piece.cluster, piece.text))) return false;
      this.#bytes += Buffer.byteLength(piece.text);
      if (piece.cluster !== null) this.#done++;
      const now = performance.now();
      if (now - turn > 50) {
        // Lets Ctrl-C in.
        await nextTurn();
        turn = now;
        if (this.#interrupted) return false;
      }
      if (now - told > PROGRESS_MS) {
        note(`${this.#done} of ${this.#clusters} clusters`);
        told = now;
      }
    }
  }
}

/** @throws InputError in place of what is the user's to mend */
function inputErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateError || error instanceof RangeError)
      throw new InputError(error.message, { cause: error });
    throw error;
  }
}
