/** Whether memory stays where it is while clusters come and go for a simulated day: see day-of-churn.ts. */
import { dayOfChurn, type ProcessGrowth } from '../day-of-churn.ts';
import type { Cell, Figures, PartContext } from '../part.ts';

/** Simulated hours. */
const HOURS = { full: 24, quick: 6 };

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
  const asked = quick ? HOURS.quick : HOURS.full;
  progress(`${asked} simulated hours, 12 s each`);
  const { hours, processes, removed, complete, failed, requests, errors } = await dayOfChurn(asked);
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
