/** Runs as users name them. */
import { locateRun, type RunArchive, type RunRecord } from '../telemetry/run-archive.ts';
import { InputError } from './exit.ts';

/** @param name id of a run, or path of its folder. @throws InputError when there is none, which names those that are there */
export function findRun(archive: RunArchive, name: string): RunRecord {
  const place = locateRun(archive, name);
  const record = place.archive.get(place.id);
  if (record) return record;
  const known = place.archive.list(5).map(({ id }) => id);
  throw new InputError(
    `there is no run ${name} in ${place.archive.root}; ${known.length > 0 ? `the last ones are ${known.join(', ')}` : 'there are no runs'} (another folder: --out)`,
  );
}
