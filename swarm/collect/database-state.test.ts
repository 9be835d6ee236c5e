import { describe, expect, it } from 'vitest';
import { DatabaseFigures, type DatabaseState } from './database-state.ts';

const state = (part: Partial<DatabaseState>): DatabaseState => ({
  connections: {},
  used: 0,
  allowed: 90,
  lockWaits: 0,
  longestStatementMs: 0,
  statements: null,
  transactions: null,
  tables: [],
  events: 0,
  hosts: 0,
  infraEnvs: 0,
  ...part,
});

/** The figure after each of the looks; undefined where there is none. */
function written(looks: readonly Partial<DatabaseState>[]): (number | undefined)[] {
  const figures = new DatabaseFigures();
  return looks.map((look) => {
    const reading = figures.readings(state(look)).find(({ figure }) => figure === 'database_events_written');
    return reading?.kind === 'gauge' ? reading.value : undefined;
  });
}

describe('events written for each host', () => {
  it('do not lay those of infra-envs to the first hosts that boot', () => {
    const looks = [
      { events: 0 },
      { infraEnvs: 20_000, events: 20_000 },
      { infraEnvs: 20_000, hosts: 50, events: 20_200 },
      { infraEnvs: 20_000, hosts: 20_000, events: 140_000 },
    ];
    expect(written(looks)).toEqual([undefined, undefined, 20_200 / 20_000, 7]);
  });

  it('count by hosts where an infra-env has many, and where there are none to count', () => {
    const looks = [
      { infraEnvs: 1, events: 10 },
      { infraEnvs: 1, hosts: 100, events: 710 },
    ];
    expect(written(looks)).toEqual([undefined, 7]);
    expect(written(looks.map((look) => ({ ...look, infraEnvs: null })))).toEqual([undefined, 7]);
    expect(written(looks.map((look) => ({ ...look, hosts: null })))).toEqual([undefined, undefined]);
  });

  it('take nothing away for what is removed', () => {
    const looks = [
      { hosts: 10, infraEnvs: 10, events: 100 },
      { hosts: 20, infraEnvs: 20, events: 300 },
      { hosts: 0, infraEnvs: 0, events: 0 },
      { hosts: 10, infraEnvs: 10, events: 100 },
    ];
    expect(written(looks)).toEqual([0, 10, 10, 10]);
  });
});
