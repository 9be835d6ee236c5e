import { expect, it } from 'vitest';
import { Database } from './database.ts';
import { PlantedFaultError, PlantedFaults, parsePlantedFault } from './planted-faults.ts';

it.each([
  ['slow-sql', { kind: 'slow-sql' }],
  ['slow-sql=500', { kind: 'slow-sql', amount: 500 }],
  ['reset-storm=0.05', { kind: 'reset-storm', amount: 0.05 }],
])('%s is read', (text, fault) => expect(parsePlantedFault(text)).toEqual(fault));

it.each([
  ['slow', /^there is no fault 'slow'; allowed: slow-sql, exhausted-pool, /],
  ['constructor', /^there is no fault 'constructor'/],
  [
    'slow-sql=',
    /^the amount of slow-sql is not allowed; allowed: milliseconds, more than 0 and at most 60000, such as/,
  ],
  ['reset-storm=2', /allowed: a share, more than 0 and at most 1, such as reset-storm=0\.2$/],
  ['stalled-monitor=1', /^stalled-monitor has no amount; allowed: stalled-monitor$/],
])('%s is refused with what is allowed', (text, message) => {
  expect(() => parsePlantedFault(text)).toThrow(PlantedFaultError);
  expect(() => parsePlantedFault(text)).toThrow(message);
});

const NO_ROWS = { clusters: 0, infra_envs: 0, hosts: 0, events: 0 };

it('an exhausted pool lets statements wait until a connection is given back', async () => {
  const faults = new PlantedFaults([{ kind: 'exhausted-pool', amount: 2 }]);
  const database = new Database(faults);
  expect([database.statement('a', () => 1), database.statement('a', () => 2)]).toEqual([1, 2]);
  const third = database.statement('a', () => 3);
  expect(database.view(NO_ROWS)).toMatchObject({
    connections: { active: 0, 'idle in transaction': 2, 'waiting for one of the pool': 1 },
    ...{ used: 2, allowed: 2 },
  });
  expect(await third).toBe(3);
  faults.remove();
  expect(database.view(NO_ROWS).allowed).toBe(90);
});

it('slow statements take so much longer, and are counted so', async () => {
  const database = new Database(new PlantedFaults([{ kind: 'slow-sql', amount: 30 }]));
  expect(await database.statement('a', () => 'row')).toBe('row');
  const { totalMs, calls } = database.view(NO_ROWS).statements[0]!;
  expect(calls).toBe(1);
  expect(totalMs).toBeGreaterThan(25);
});
