/**
 * Writes the published JSON Schema after a change of the form: `node manifests/write-schema.ts`, then `npm run format`.
 */
import { writeFileSync } from 'node:fs';
import { valuesJsonSchema } from './values-schema.ts';

writeFileSync(new URL('values.schema.json', import.meta.url), `${JSON.stringify(valuesJsonSchema(), null, 2)}\n`);
