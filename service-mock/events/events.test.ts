import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { EventsQuery } from '../service-api.ts';
import { Events } from './events.ts';

const nobody = () => false;

function filled() {
  const clock = new ManualClock();
  const events = new Events(clock);
  events.emit('cluster_registration_succeeded', { clusterId: 'c' });
  events.emit('host_registration_succeeded', { clusterId: 'c', hostId: 'h1', infraEnvId: 'e' }, 'one');
  events.emit(
    'host_validation_failed',
    { clusterId: 'c', hostId: 'h2', infraEnvId: 'e' },
    'two',
    'ntp-synced',
    'failed',
  );
  events.metrics('nic.count', { clusterId: 'c' }, { count: 2 });
  events.emit('infra_env_registered', { infraEnvId: 'e' });
  return { clock, events };
}

const names = (page: { events: Iterable<{ name?: unknown }> }) => Array.from(page.events, (event) => event.name);

describe('events', () => {
  it('are listed by cluster, without metrics unless asked for', () => {
    const { events } = filled();
    const page = events.list({ cluster_id: 'c' }, nobody);
    expect(names(page)).toEqual([
      'cluster_registration_succeeded',
      'host_registration_succeeded',
      'host_validation_failed',
    ]);
    expect(page).toMatchObject({ total: 3, severities: { info: 2, warning: 1, error: 0, critical: 0 } });
    expect(names(events.list({ cluster_id: 'c', categories: ['metrics'] }, nobody))).toEqual(['nic.count']);
  });

  it('are filtered by infra-env, host, severity, text and level', () => {
    const { events } = filled();
    expect(names(events.list({ infra_env_id: 'e' }, nobody))).toHaveLength(3);
    expect(names(events.list({ cluster_id: 'c', host_ids: ['h1'] }, nobody))).toEqual(['host_registration_succeeded']);
    expect(names(events.list({ cluster_id: 'c', host_ids: ['h1'], cluster_level: true }, nobody))).toHaveLength(2);
    expect(names(events.list({ cluster_id: 'c', cluster_level: true }, nobody))).toEqual([
      'cluster_registration_succeeded',
    ]);
    expect(names(events.list({ cluster_id: 'c', severities: ['warning'] }, nobody))).toEqual([
      'host_validation_failed',
    ]);
    expect(names(events.list({ cluster_id: 'c', message: 'NTP-SYNCED' }, nobody))).toEqual(['host_validation_failed']);
  });

  it('of deleted hosts stay with their cluster and infra-env, and can be asked for alone', () => {
    const { events } = filled();
    const isDeleted = (_env: string, host: string) => host === 'h2';
    expect(names(events.list({ cluster_id: 'c' }, isDeleted))).toHaveLength(3);
    expect(names(events.list({ infra_env_id: 'e' }, isDeleted))).toHaveLength(3);
    expect(names(events.list({ cluster_id: 'c', deleted_hosts: true }, isDeleted))).toEqual(['host_validation_failed']);
    expect(names(events.list({ cluster_id: 'c', deleted_hosts: true, cluster_level: true }, isDeleted))).toHaveLength(
      2,
    );
    expect(names(events.list({ host_ids: ['h1', 'h2'] }, isDeleted))).toEqual(['host_registration_succeeded']);
    expect(names(events.list({ infra_env_id: 'e', host_ids: ['h2'] }, isDeleted))).toEqual(['host_validation_failed']);
  });

  it('without a cluster are filtered by no text and counted by no severity', () => {
    const { events } = filled();
    const page = events.list({ infra_env_id: 'e', message: 'NTP-SYNCED', cluster_level: true }, nobody);
    expect(page).toMatchObject({ total: 3, severities: { info: 0, warning: 0, error: 0, critical: 0 } });
    expect(names(events.list({ message: 'NTP-SYNCED' }, nobody))).toHaveLength(4);
  });

  it('come in pages, either way round', () => {
    const { events } = filled();
    expect(names(events.list({ cluster_id: 'c', order: 'descending', limit: 1 }, nobody))).toEqual([
      'host_validation_failed',
    ]);
    expect(names(events.list({ cluster_id: 'c', offset: 2 }, nobody))).toEqual(['host_validation_failed']);
    const none = events.list({ cluster_id: 'c', limit: 0 }, nobody);
    expect(names(none)).toEqual([]);
    expect(none.total).toBe(3);
  });

  it('that are limited come once in their time', async () => {
    const { clock, events } = filled();
    const upgrade = () => events.emit('upgrade_agent_started', { hostId: 'h1', infraEnvId: 'e' }, 'one', 'image');
    const count = () =>
      names(events.list({ infra_env_id: 'e' }, nobody)).filter((name) => name === 'upgrade_agent_started').length;
    upgrade();
    upgrade();
    expect(count()).toBe(1);
    await clock.advance(3_600_000);
    upgrade();
    expect(count()).toBe(2);
  });

  describe('about what is gone', () => {
    const HOUR = 3_600_000;
    const whole = (page: { events: Iterable<object> }) => Array.from(page.events);
    /** Until the compressor's threads are done. */
    const compressed = () => new Promise((resolve) => setTimeout(resolve, 50));

    /** More than go into one package. */
    const MANY = 600;

    /** Clusters `c` and `d` in the infra-env `e`, and an event about nothing of these. */
    function standing(many: number) {
      const clock = new ManualClock();
      const events = new Events(clock, {}, true, undefined, 72 * HOUR);
      const ids = new Set(['c', 'd', 'e']);
      const stands = (id: string) => ids.has(id);
      events.emit('infra_env_registered', { infraEnvId: 'e' });
      for (const clusterId of ['c', 'd']) {
        events.emit('cluster_registration_succeeded', { clusterId });
        events.emit('host_registration_succeeded', { clusterId, hostId: `of-${clusterId}`, infraEnvId: 'e' }, 'näme');
        for (let n = 0; n < many; n++) events.emit('cluster_status_updated', { clusterId }, `näme ${n}`);
      }
      events.emit('host_registration_succeeded', { hostId: 'alone' }, 'alone');
      const remove = (id: string) => {
        ids.delete(id);
        events.retire(id, stands);
      };
      return { clock, events, remove };
    }

    const QUERIES: EventsQuery[] = [
      { cluster_id: 'c' },
      { cluster_id: 'd' },
      { infra_env_id: 'e' },
      {},
      { host_ids: ['of-c', 'alone'] },
      { cluster_id: 'c', order: 'descending', limit: 2 },
      { cluster_id: 'c', deleted_hosts: true },
    ];

    it.each([
      [MANY, 'c', 'e', 'd'],
      [MANY, 'e', 'c', 'd'],
      [MANY, 'c', 'd', 'e'],
      [1, 'c', 'e', 'd'],
      [200, 'c', 'd', 'e'],
    ])('are found as before, %i of each, when %s, %s and %s have gone', async (many, ...order) => {
      const { events, remove } = standing(many);
      const deleted = (_env: string, host: string) => host === 'of-c';
      const asked = () =>
        QUERIES.map((query) => ({ ...events.list(query, deleted), events: whole(events.list(query, deleted)) }));
      const before = asked();
      for (const id of order) {
        remove(id);
        expect(asked()).toEqual(before);
        await compressed();
        expect(asked()).toEqual(before);
        expect(events.size).toBe(6 + 2 * many);
      }
    });

    it('stand in their order beside later ones about the same', async () => {
      const { events, remove } = standing(MANY);
      remove('c');
      await compressed();
      events.emit('cluster_status_updated', { clusterId: 'c' }, 'late');
      const messages = whole(events.list({ cluster_id: 'c' }, nobody)).map(
        (event) => (event as { message: string }).message,
      );
      expect(messages).toHaveLength(MANY + 3);
      expect(messages.at(-1)).toMatch(/late/);
    });

    it('are deleted three days later, when something else is removed', async () => {
      const { clock, events, remove } = standing(MANY);
      remove('c');
      await clock.advance(71 * HOUR);
      remove('d');
      expect(events.list({ cluster_id: 'c' }, nobody).total).toBe(MANY + 2);
      await clock.advance(HOUR);
      remove('e');
      // What is also about the infra-env goes with that.
      expect(names(events.list({ cluster_id: 'c' }, nobody))).toEqual(['host_registration_succeeded']);
      expect(events.list({ cluster_id: 'd' }, nobody).total).toBe(MANY + 2);
      expect(events.size).toBe(5 + MANY);
      await clock.advance(72 * HOUR);
      events.retire('another', () => false);
      expect(events.size).toBe(1);
      expect(events.list({ infra_env_id: 'e' }, nobody).total).toBe(0);
      expect(names(events.list({}, nobody))).toEqual(['host_registration_succeeded']);
    });
  });
});
