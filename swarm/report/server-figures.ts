/** Server figures as the evaluator of thresholds wants them; `plan/server-figures.ts` is the table of them. */
import { serverFigureNamed } from '../plan/server-figures.ts';
import type { ServerFigures } from '../telemetry/server-figures.ts';
import type { FigureSource, Sample } from './thresholds.ts';

export class ServerFigureSource implements FigureSource {
  readonly #figures: Pick<ServerFigures, 'read'>;

  constructor(figures: Pick<ServerFigures, 'read'>) {
    this.#figures = figures;
  }

  read(figure: string, { phase, step, ...labels }: Readonly<Record<string, string>>): Sample | null {
    const known = serverFigureNamed(figure);
    if (!known) throw new RangeError(`servers have no figure ${figure}`);
    const values = this.#figures.read(figure, labels, {
      ...(phase !== undefined && { phase }),
      ...(step !== undefined && { step: Number(step) }),
    });
    if (known.kind === 'trend') return values?.trend ? { kind: 'trend', distribution: values.trend } : null;
    if (known.kind === 'counter') return values?.counted ? { kind: 'counter', ...values.counted } : null;
    if (!values?.gauge) return null;
    const { last, min, max, mean } = values.gauge;
    return { kind: 'gauge', value: last, min, max, avg: mean };
  }
}
