import { expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { EventSubject } from '../events/events.ts';
import { Site } from '../testing/test-site.ts';
import { keepResults, type ValidationStatus, validationResult } from './results.ts';

it('keeps equal results once, and only so many different ones', () => {
  const make = (message: string) => validationResult('one', 'network', 'success', message);
  expect(make('a')).toBe(make('a'));
  expect(validationResult('one', 'network', 'failure', 'a')).toEqual({
    id: 'one',
    category: 'network',
    status: 'failure',
    message: 'a',
  });
  for (let host = 0; host < 100; host++) make(`host ${host}`);
  expect(make('host 99')).not.toBe(make('host 99'));
  expect(make('host 99')).toEqual(make('host 99'));
  expect(make('a')).toBe(make('a'));
});

it('tells of each validation that turned what became of it, and of none that is new or stays', () => {
  const row = { validations: [validationResult('kept', 'network', 'success', 'a')], updatedAt: 0 };
  const told: string[] = [];
  const keep = (...statuses: ValidationStatus[]) => {
    told.length = 0;
    const results = statuses.map((status, n) => validationResult(`v${n}`, 'network', status, status));
    keepResults({ clock: new ManualClock() }, row, results, {
      failed: (id, lost) => told.push(`${id} ${lost ? 'lost' : 'failed'}`),
      fixed: (id) => told.push(`${id} fixed`),
      turned: () => told.push('turned'),
    });
    return [...told];
  };
  expect(keep('pending', 'pending', 'success', 'failure')).toEqual([]);
  expect(keep('success', 'failure', 'failure', 'success')).toEqual(['turned', 'v1 failed', 'v2 lost', 'v3 fixed']);
  expect(keep('pending', 'failure', 'pending', 'success')).toEqual(['turned', 'turned']);
});

it('is told of to a hub when a validation turns to success that was pending, though nothing else happens', async () => {
  const site = new Site();
  const machine = site.machine(site.infraEnv(site.cluster()));
  // Insufficient all the while, and silent of its network.
  machine.inventory = (document) => (document.memory = { physical_bytes: 2 ** 30, usable_bytes: 2 ** 30 });
  machine.answers['connectivity-check'] = () => undefined;
  await site.live(2);
  expect(site.status(machine)).toBe('insufficient');
  expect(site.validation(machine, 'mtu-valid')).toMatchObject({ status: 'pending' });
  const told: EventSubject[] = [];
  site.core.events.listen((about) => told.push(about));
  site.reply(machine, 'connectivity-check', { remote_hosts: [] });
  await site.clock.advance(30_000);
  expect(site.validation(machine, 'mtu-valid')).toMatchObject({ status: 'success' });
  expect(site.status(machine)).toBe('insufficient');
  expect(told).toContainEqual(expect.objectContaining({ hostId: machine.id }));
});
