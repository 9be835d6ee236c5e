/**
 * Writes the published JSON Schema after a change of the summary's form: `node swarm/daemon/write-summary-schema.ts`, then
 * `npm run format`.
 */
import { writeFileSync } from 'node:fs';
import { summaryJsonSchema } from './summary-schema.ts';

writeFileSync(
  new URL('../../docs/summary.schema.json', import.meta.url),
  `${JSON.stringify(summaryJsonSchema(), null, 2)}\n`,
);
