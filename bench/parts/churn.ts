/** Whether memory stays where it is while clusters come and go for a simulated day: see day-of-churn.ts. */
import { dayOfChurn, type ProcessGrowth } from '../day-of-churn.ts';
import type { Cell, Figures, PartContext } from '../part.ts';

/** Simulated hours, and how many simulated seconds are one of the wall. */
const ASKED = { full: { hours: 24, speed: 60 }, quick: { hours: 6, speed: 300 } };

const ROWS: readonly (readonly [string, (growth: ProcessGrowth) => Cell])[] = [
  ['samples', ({ samples }) => samples],
  ['level, MiB', ({ levelMib }) => levelMib],
  ['slope, MiB an hour', ({ slopeMibPerHour }) => slopeMibPerHour],
  ['growth by the slope, %', ({ growthBySlope }) => growthBySlope * 100],
  ['growth of the median, first to last third, %', ({ growthByMedians }) => growthByMedians * 100],
  ['resident, first third, MiB', ({ rssMib }) => rssMib[0]],
  ['resident, last third, MiB', ({ rssMib }) => rssMib[1]],
  ['verdict', ({ flat }) => (flat ? 'flat' : 'grows')],
];

/** See {@link PartModule}. */
export async function measure({ quick, progress }: PartContext): Promise<Figures> {
  const { hours: asked, speed } = quick ? ASKED.quick : ASKED.full;
  progress(`${asked} simulated hours, ${3600 / speed} s each`);
  const { hours, processes, removed, complete, failed, requests, errors } = await dayOfChurn(asked, speed);
  return {
    tables: [
      {
        title: `memory after garbage collections, the last ${hours} of ${asked} simulated hours, one run`,
        head: ['', ...processes.map(({ program }) => program)],
        rows: ROWS.map(([name, of]) => [name, ...processes.map(of)]),
      },
    ],
    charts: [],
    notes: [
      `${removed} removed, ${complete} complete again, ${failed} failed; ${requests} requests, ${errors} errors.`,
    ],
  };
}
