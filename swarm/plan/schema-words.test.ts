/** No value of a file, however wrong, is answered in the words of the schema's library. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { valuesJsonSchema } from '../../manifests/values-schema.ts';
import { allowedWords } from '../../model/text/allowed-words.ts';
import { parseValues } from '../daemon/manifest-values.ts';
import { parsePlan } from './load.ts';
import { PlanError } from './plan.ts';
import { planJsonSchema } from './schema.ts';

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

/** Every place of a form: keys, `0` for entries of lists. */
function placesOf({ properties = {}, items, anyOf = [] }: JsonSchema): string[][] {
  const below = [...Object.entries(properties), ...(items ? [['0', items] as const] : [])];
  return [
    ...below.flatMap(([key, schema]) => [[key], ...placesOf(schema).map((rest) => [key, ...rest])]),
    ...anyOf.flatMap(placesOf),
  ];
}

const WRONG = ['', 'x'.repeat(500), '-', 1e300, -1, 0.5, true, null, [], [[]], ['', ''], {}, { zz: 1 }, { '': '' }];
const LIBRARY =
  /too (big|small)|invalid (input|string|option|key|element|number|value|union)|expected |received|unrecognized|\bNaN\b|undefined|\[object/i;

const placed = ([key, ...rest]: string[], value: unknown): unknown => {
  if (key === undefined) return value;
  const inner = placed(rest, value);
  return key === '0' ? [inner] : { [key]: inner };
};

const readPlan = (text: string) => void parsePlan(text, 'file');
const readValues = (text: string) => void parseValues('file', text, null);
it.each([
  ['plans', planJsonSchema, readPlan],
  ['values', valuesJsonSchema, readValues],
])('says what is allowed in its own words, in %s', (_, schema, read) => {
  const places = placesOf(schema() as JsonSchema);
  expect(places.length).toBeGreaterThan(40);
  let refused = 0;
  for (const place of places) {
    for (const wrong of WRONG) {
      try {
        read(JSON.stringify(placed(place, wrong)));
      } catch (error) {
        if (!(error instanceof PlanError)) throw error;
        refused++;
        // What was given is repeated, and may say anything.
        const said = error.message.replaceAll(/ is "[^"]*"/g, '');
        expect(said, `${place.join('.')} with ${JSON.stringify(wrong)}`).not.toMatch(LIBRARY);
        expect(said).not.toMatch(/allowed: *(;|$)/m);
      }
    }
  }
  expect(refused).toBeGreaterThan(places.length);
});

it.each([
  [z.string().max(3), 'long text', 'at most 3 characters'],
  [z.array(z.string()).min(1), [], 'at least 1 entry'],
  [z.number().lt(5), 5, 'less than 5'],
  [z.int(), 'x', 'a number'],
  [z.int(), 1.5, 'a whole number'],
  [z.int().multipleOf(4), 6, 'a multiple of 4'],
  [z.enum(['a', 'b']), 'c', 'one of a, b'],
  [z.boolean(), 'yes', 'true or false'],
  [z.string().regex(/^a$/), 'b', 'a text that matches /^a$/'],
  [z.strictObject({ a: z.string() }), { a: 'a', b: 1 }, 'known keys, which b is not'],
])('has words for a rule without its own: %#', (schema, value, words) => {
  const read = schema.safeParse(value, { error: allowedWords });
  expect(read.error?.issues.map(({ message }) => message)).toEqual([words]);
});
