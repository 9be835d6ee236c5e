/** Server figures as the evaluator of thresholds wants them; `plan/server-figures.ts` is the table of them. */
import { serverFigureNamed } from '../plan/server-figures.ts';
import type { ServerFigures, ServerValues, TimeOfWindows } from '../telemetry/server-figures.ts';
import type { FigurePart, FigureSource, Sample } from './thresholds.ts';

export class ServerFigureSource implements FigureSource {
  readonly #figures: Pick<ServerFigures, 'read' | 'series'>;

  constructor(figures: Pick<ServerFigures, 'read' | 'series'>) {
    this.#figures = figures;
  }

  read(figure: string, { phase, step, ...labels }: Readonly<Record<string, string>>): Sample | null {
    return sampleOf(figure, this.#figures.read(figure, labels, timeOf(phase, step)));
  }

  /** Its series, by the labels that are left open. */
  parts(figure: string, { phase, step, ...labels }: Readonly<Record<string, string>>): FigurePart[] {
    const found = this.#figures
      .series()
      .filter((one) => one.figure === figure && Object.entries(labels).every(([key, of]) => one.labels[key] === of));
    return found.flatMap((one) => {
      const open = Object.fromEntries(Object.entries(one.labels).filter(([key]) => labels[key] === undefined));
      const sample = sampleOf(figure, this.#figures.read(figure, one.labels, timeOf(phase, step)));
      return sample === null || Object.keys(open).length === 0 ? [] : { labels: open, sample };
    });
  }
}

function timeOf(phase: string | undefined, step: string | undefined): TimeOfWindows {
  return { ...(phase !== undefined && { phase }), ...(step !== undefined && { step: Number(step) }) };
}

function sampleOf(figure: string, values: ServerValues | null): Sample | null {
  const known = serverFigureNamed(figure);
  if (!known) throw new RangeError(`servers have no figure ${figure}`);
  if (known.kind === 'trend') return values?.trend ? { kind: 'trend', distribution: values.trend } : null;
  if (known.kind === 'counter') return values?.counted ? { kind: 'counter', ...values.counted } : null;
  if (!values?.gauge) return null;
  const { last, min, max, mean } = values.gauge;
  return { kind: 'gauge', value: last, min, max, avg: mean };
}
