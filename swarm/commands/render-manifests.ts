/** The work of `swarm manifests render`. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RUN_LABEL, TemplateError } from '../../manifests/index.ts';
import { countOf } from '../report/style.ts';
import { EXIT, InputError } from './exit.ts';
import { catchInterrupts } from './interrupt.ts';
import { inputErrors, ManifestFleet, type ManifestFleetOptions, type Piece } from './manifest-fleet.ts';
import { FileOutput, FolderOutput, type ManifestOutput, StreamOutput } from './manifest-output.ts';
import { note } from './note.ts';
import { writeFailure } from './output-errors.ts';

export interface RenderOptions extends ManifestFleetOptions {
  output?: string;
  dir?: string;
  force?: true;
  json?: true;
}

/** Milliseconds between two lines of progress, and before the first. */
const PROGRESS_MS = 2000;

/** @returns the exit code. @throws InputError */
export async function renderManifests(files: readonly string[], options: RenderOptions): Promise<number> {
  const fleet = new ManifestFleet(files, options);
  const { plan, label } = fleet;
  const renderer = fleet.renderer();
  const pieces = fleet.pieces(renderer);
  // What is wrong with templates or networks shows with the first cluster, before anything is written.
  const first = inputErrors(() => [pieces.next(), pieces.next()]);
  const output = outputOf(options);
  return new Rendering(output, plan.clusters.length).run(first, pieces, (bytes) => {
    const summary = {
      run: { label: RUN_LABEL, name: label, seed: plan.seed },
      clusters: plan.clusters.length,
      objects: [...renderer.counts.values()].reduce((sum, count) => sum + count, 0),
      kinds: Object.fromEntries([...renderer.counts].sort(([a], [b]) => (a < b ? -1 : 1))),
      bytes,
      output: output.name,
    };
    if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    else if (!(output instanceof StreamOutput)) {
      const { objects, clusters } = summary;
      note(
        `${countOf(objects, 'object')} of ${countOf(clusters, 'cluster')} in ${output.name}; label ${RUN_LABEL}=${label}`,
      );
    }
  });
}

function outputOf(options: RenderOptions): ManifestOutput {
  if (options.dir !== undefined) return new FolderOutput(options.dir, options.force === true);
  if (options.output !== undefined) return new FileOutput(options.output);
  return new StreamOutput(process.stdout);
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
      const ofInput = error instanceof TemplateError || error instanceof RangeError;
      if (!ofInput && (error as NodeJS.ErrnoException).code === undefined) throw error;
      const reason = ofInput ? error.message : `${this.#output.name} cannot be written: ${writeFailure(error)}`;
      throw new InputError(`${reason} (after ${this.#done} of ${this.#clusters} clusters; ${left})`, {
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
