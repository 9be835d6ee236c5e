/**
 * Writes the published JSON Schema after a change of the plan's form: `node swarm/plan/write-schema.ts`, then `npm run format`.
 */
import { writeFileSync } from 'node:fs';
import { planJsonSchema } from './schema.ts';

writeFileSync(new URL('plan.schema.json', import.meta.url), `${JSON.stringify(planJsonSchema(), null, 2)}\n`);
