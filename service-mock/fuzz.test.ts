/** Whatever is sent to an operation: the answer is one of the service, and nothing in it is JavaScript's. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startClock } from '../model/time/clock.ts';
import type { Operation } from './http/operations/operation.ts';
import { OPERATIONS } from './http/operations.ts';
import { type ServiceMock, startServiceMock } from './index.ts';
import { PULL_SECRET } from './testing/test-site.ts';
import type { Schema } from './validations/schema.ts';

const API = '/api/assisted-install';
const NOBODY = '00000000-0000-4000-8000-00000000ffff';

/** Words of engines, and what becomes of values that are printed by accident. */
const JAVASCRIPT =
  /(?<!\b(?:are|is) )undefined|\[object |NaN|is not (?:a function|iterable|defined|a constructor)|Cannot (?:read|set|convert|destructure|mix)|in JSON at|Unexpected (?:token|end|non)|Maximum call stack|Invalid (?:array|string) length|Internal Server Error/;

let mock: ServiceMock;
const known: Record<string, string> = {};

beforeAll(async () => {
  mock = await startServiceMock({ clock: startClock(1) });
  const made = async (path: string, body: unknown) => {
    const response = await fetch(`${mock.url}${API}/v2${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return ((await response.json()) as { id: string }).id;
  };
  known.cluster_id = await made('/clusters', { name: 'a', openshift_version: '4.20', pull_secret: PULL_SECRET });
  known.infra_env_id = await made('/infra-envs', { name: 'b', pull_secret: PULL_SECRET, cluster_id: known.cluster_id });
  known.host_id = await made(`/infra-envs/${known.infra_env_id}/hosts`, { host_id: NOBODY });
});
afterAll(() => mock.close());

const deep = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;
/** What stands where something else is expected. */
const strange = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(0, -1, 1.5, 1e300, true, '', 'x', [], {}, [null], [[]], { x: null }),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>('x'.repeat(100_000), deep(2_000), '__proto__', 'constructor') },
  fc.jsonValue(),
);
const words = fc.oneof(
  fc.constantFrom(
    ...['4.20', '4', 'x86_64', '10.0.0.0/8', 'fd01::/48', '192.168.1.1', '::1', 'http://a.b:1', 'a.b', 'none', 'tang'],
    ...['[{"url":"http://a","thumbprint":"b"}]', '[null]', '{"auths":{"quay.io":{"auth":"dTpw"}}}', '{"auths":[null]}'],
    ...['interfaces:\n- name: eth0', 'interfaces: [null]', 'a: &a [*a]', '{', 'null', '[]', 'eA==', 'ssh-rsa AAAA'],
    ...[
      '{"ignition":{"version":"3.1.0"}}',
      '{"ignition":null}',
      '{"disks":[null]}',
      '{"interfaces":[{"ipv4_addresses":[null]}]}',
    ],
    ...[
      '{"networking":null}',
      '{"compute":[null]}',
      '["all"]',
      '[{"vip":null}]',
      '{"remote_hosts":[null]}',
      PULL_SECRET,
    ],
  ),
  fc.string(),
);

function sampleOf(schema: Schema): fc.Arbitrary<unknown> {
  const mostly = (good: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: strange });
  switch (schema.kind) {
    case 'string':
      return mostly(schema.enum ? fc.constantFrom<unknown>(...schema.enum) : words);
    case 'integer':
      return mostly(fc.integer({ min: -2, max: 70 }));
    case 'boolean':
      return mostly(fc.boolean());
    case 'map':
      return mostly(fc.dictionary(fc.string(), fc.jsonValue()));
    case 'list':
      return mostly(fc.array(sampleOf(schema.items), { maxLength: 3 }));
    case 'object': {
      const fields = Object.fromEntries([...schema.fields].map(([name, field]) => [name, sampleOf(field)]));
      return mostly(
        fc.record(fields, { requiredKeys: schema.order.filter(({ required }) => required).map(({ name }) => name) }),
      );
    }
  }
}

const pathOf = (operation: Operation): fc.Arbitrary<string> =>
  fc
    .constantFrom('known', NOBODY, 'x', '%00')
    .map((id) =>
      operation.template.replaceAll(/\{(\w+)\}/g, (_, name: string) => (id === 'known' ? (known[name] ?? 'x') : id)),
    );
const queryOf = ({ query = {} }: Operation): fc.Arbitrary<string> =>
  fc
    .record(Object.fromEntries(Object.keys(query).map((name) => [name, words])), { requiredKeys: [] })
    .map((values) => String(new URLSearchParams(values as Record<string, string>)));

const TAKING = OPERATIONS.filter(({ method }) => method !== 'DELETE');

test.each(
  TAKING.map((operation) => [operation.id, operation] as const),
)('%s answers in the words of the service', async (_id, operation) => {
  const bodies = operation.body ? sampleOf(operation.body.schema) : fc.constant(undefined);
  await fc.assert(
    fc.asyncProperty(pathOf(operation), queryOf(operation), bodies, async (path, query, body) => {
      const response = await fetch(`${mock.url}${API}${path}?${query}`, {
        method: operation.method,
        headers: { 'Content-Type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }).catch(() => undefined);
      // A connection that is closed without an answer is one too: the service does so.
      if (!response || response.ok) return;
      const text = await response.text();
      expect(text).not.toMatch(JAVASCRIPT);
    }),
    { numRuns: operation.body ? 60 : 15 },
  );
});
