import { describe, expect, it } from 'vitest';

import { ManualClock } from '../time/testing/manual-clock.ts';
import { seededDraws } from '../time/testing/seeded-draws.ts';
import { Lifecycle, type Stage, stageTable } from './lifecycle.ts';

interface Light {
  colour: string;
  log: string[];
}

const span = (delayMs: number, jitterMs = 0) => ({ delayMs, jitterMs });

/** A row that turns a light from one colour to another. */
function turn(from: string, to: string, rest: Partial<Stage<Light>> = {}): Stage<Light> {
  return {
    name: `${from} to ${to}`,
    when: ({ colour }) => colour === from,
    effect: (light) => {
      light.colour = to;
      light.log.push(to);
    },
    ...rest,
  };
}

function light(colour = 'red'): Light {
  return { colour, log: [] };
}

function open(onIdle = () => {}) {
  const clock = new ManualClock(0);
  return { clock, lifecycle: new Lifecycle({ clock, onIdle }) };
}

describe('stages', () => {
  it('take effect after their delay, one after the other', async () => {
    const { clock, lifecycle } = open();
    const table = stageTable([turn('red', 'green', { delay: span(10) }), turn('green', 'yellow', { delay: span(5) })]);
    const subject = light();
    lifecycle.add(subject, table, seededDraws('a'));
    await clock.advance(9);
    expect([subject.colour, lifecycle.busy, lifecycle.pending, clock.pending]).toEqual(['red', true, 1, 1]);
    await clock.advance(1);
    expect(subject.colour).toBe('green');
    await clock.advance(5);
    expect([subject.colour, lifecycle.busy, clock.pending]).toEqual(['yellow', false, 0]);
  });

  it('take as long as the draw and the state say', async () => {
    const { clock, lifecycle } = open();
    const draws = seededDraws('a');
    const table = stageTable([
      turn('red', 'green', { delay: span(1000, 500) }),
      turn('green', 'yellow', { delay: ({ log }) => span(log.length * 7, 70), draw: 'another purpose' }),
    ]);
    const subject = light();
    lifecycle.add(subject, table, draws);
    const first = 1000 + 500 * draws.random('red to green', 0);
    await clock.advance(first - 0.001);
    expect(subject.colour).toBe('red');
    await clock.advance(0.001);
    expect(subject.colour).toBe('green');
    const second = 7 + 70 * draws.random('another purpose', 0);
    await clock.advance(second - 0.001);
    expect(subject.colour).toBe('green');
    await clock.advance(0.001);
    expect(subject.colour).toBe('yellow');
  });

  it('without a delay take effect before the change returns, rows in their order', () => {
    const { clock, lifecycle } = open();
    const table = stageTable([turn('green', 'yellow'), turn('yellow', 'red'), turn('blue', 'green')]);
    const subject = light();
    lifecycle.add(subject, table, seededDraws('a'));
    lifecycle.change(subject, (state) => {
      state.colour = 'blue';
    });
    expect(subject.log).toEqual(['green', 'yellow', 'red']);
    expect(clock.pending).toBe(0);
  });

  it('come again as long as their selector holds', async () => {
    const { clock, lifecycle } = open();
    const table = stageTable<Light>([
      {
        name: 'heartbeat',
        when: ({ log }) => log.length < 3,
        delay: span(10),
        effect: ({ log }) => {
          log.push('beat');
        },
      },
    ]);
    const subject = light();
    lifecycle.add(subject, table, seededDraws('a'));
    await clock.advance(20);
    expect(subject.log).toHaveLength(2);
    await clock.advance(1000);
    expect(subject.log).toHaveLength(3);
  });

  it('are dropped when their selector no longer holds, and begin anew when it holds again', async () => {
    const { clock, lifecycle } = open();
    const subject = light();
    lifecycle.add(subject, stageTable([turn('red', 'green', { delay: span(10) })]), seededDraws('a'));
    await clock.advance(9);
    lifecycle.change(subject, (state) => {
      state.colour = 'black';
    });
    expect([lifecycle.busy, clock.pending]).toEqual([false, 0]);
    lifecycle.change(subject, (state) => {
      state.colour = 'red';
    });
    await clock.advance(9);
    expect(subject.colour).toBe('red');
    await clock.advance(1);
    expect(subject.colour).toBe('green');
  });

  it('keep their time through changes that do not concern them, and not through a restart', async () => {
    const { clock, lifecycle } = open();
    const subject = light();
    lifecycle.add(subject, stageTable([turn('red', 'green', { delay: span(10) })]), seededDraws('a'));
    await clock.advance(6);
    lifecycle.change(subject, ({ log }) => log.push('touched'));
    await clock.advance(3);
    lifecycle.restart(subject, () => {});
    await clock.advance(9);
    expect(subject.colour).toBe('red');
    await clock.advance(1);
    expect(subject.colour).toBe('green');
  });

  it('do not take effect when what they look at has changed unsaid', async () => {
    const { clock, lifecycle } = open();
    const subject = light();
    lifecycle.add(subject, stageTable([turn('red', 'green', { delay: span(10) })]), seededDraws('a'));
    subject.colour = 'black';
    await clock.advance(10);
    expect([subject.colour, clock.pending]).toEqual(['black', 0]);
  });

  it('share a limit: what one subject takes, another cannot', async () => {
    interface Guest {
      bar: { free: number; guests: Guest[] };
      state: 'waiting' | 'sitting' | 'gone';
    }
    const { clock, lifecycle } = open();
    const table = stageTable<Guest>([
      {
        name: 'sits down',
        when: ({ state, bar }) => state === 'waiting' && bar.free > 0,
        delay: span(1),
        effect: (guest) => {
          guest.state = 'sitting';
          guest.bar.free -= 1;
        },
      },
      {
        name: 'leaves',
        when: ({ state }) => state === 'sitting',
        delay: span(100, 100),
        effect: (guest) => {
          guest.state = 'gone';
          guest.bar.free += 1;
          for (const other of guest.bar.guests) lifecycle.look(other);
        },
      },
    ]);
    const bar: Guest['bar'] = { free: 20, guests: [] };
    for (let n = 0; n < 200; n++) bar.guests.push({ bar, state: 'waiting' });
    for (const [n, guest] of bar.guests.entries()) lifecycle.add(guest, table, seededDraws(`${n}`));
    let most = 0;
    while (lifecycle.busy) {
      await clock.advance(5);
      most = Math.max(most, bar.guests.filter(({ state }) => state === 'sitting').length);
      expect(bar.free).toBeGreaterThanOrEqual(0);
    }
    expect(most).toBe(20);
    expect(bar.guests.every(({ state }) => state === 'gone')).toBe(true);
  });
});

describe('alternatives', () => {
  const fates = (failed: number) =>
    stageTable([
      turn('red', 'failed', { group: 'fate', weight: failed, delay: span(10) }),
      turn('red', 'green', { group: 'fate', weight: 98, delay: span(20) }),
    ]);

  function outcomes(table: ReturnType<typeof fates>, count: number): Promise<string[]> {
    const { clock, lifecycle } = open();
    const subjects = Array.from({ length: count }, () => light());
    for (const [n, subject] of subjects.entries()) lifecycle.add(subject, table, seededDraws(`host-${n}`));
    expect(clock.pending).toBe(count);
    return clock.advance(20).then(() => subjects.map(({ colour }) => colour));
  }

  it('are drawn by weight', async () => {
    const failed = (await outcomes(fates(2), 5000)).filter((colour) => colour === 'failed').length;
    expect(failed / 5000).toBeGreaterThan(0.014);
    expect(failed / 5000).toBeLessThan(0.026);
  });

  it('are never drawn with weight 0', async () => {
    expect(new Set(await outcomes(fates(0), 500))).toEqual(new Set(['green']));
  });

  it('meet the same subjects, and with a greater weight further ones', async () => {
    const few = await outcomes(fates(2), 2000);
    expect(await outcomes(fates(2), 2000)).toEqual(few);
    const more = await outcomes(fates(10), 2000);
    for (const [n, colour] of few.entries()) if (colour === 'failed') expect(more[n]).toBe('failed');
    expect(more.filter((colour) => colour === 'failed').length).toBeGreaterThan(
      few.filter((colour) => colour === 'failed').length,
    );
  });

  it('are taken as they are possible', async () => {
    const { clock, lifecycle } = open();
    const table = stageTable([
      turn('red', 'green', { group: 'next', weight: 1000, delay: span(1) }),
      turn('green', 'yellow', { group: 'next', delay: span(1) }),
    ]);
    const subject = light();
    lifecycle.add(subject, table, seededDraws('a'));
    await clock.advance(2);
    expect(subject.log).toEqual(['green', 'yellow']);
  });

  it('stay drawn while they are possible', async () => {
    const { clock, lifecycle } = open();
    const table = stageTable<Light>([
      turn('red', 'green', { group: 'next', delay: span(10) }),
      {
        ...turn('red', 'blue', { group: 'next', delay: span(1), weight: 1e12 }),
        when: ({ log }) => log.includes('touched'),
      },
    ]);
    const subject = light();
    lifecycle.add(subject, table, seededDraws('a'));
    await clock.advance(5);
    lifecycle.change(subject, ({ log }) => log.push('touched'));
    await clock.advance(5);
    expect(subject.log[1]).toBe('green');
  });
});

describe('a table', () => {
  it.each<[string, Stage<Light>[], RegExp]>([
    ['two rows of one name', [turn('a', 'b'), turn('a', 'b')], /two stages have the name "a to b"/],
    ['a negative weight', [turn('a', 'b', { weight: -1 })], /"a to b" has weight -1: it must be a number from 0/],
    ['a weight that is no number', [turn('a', 'b', { weight: Number.NaN })], /weight NaN/],
    ['a negative delay', [turn('a', 'b', { delay: span(-1) })], /delay -1 ms \+ 0 ms: both must be numbers from 0/],
    ['an endless jitter', [turn('a', 'b', { delay: span(0, Number.POSITIVE_INFINITY) })], /Infinity ms: both/],
  ])('with %s is refused', (_, rows, message) => {
    expect(() => stageTable(rows)).toThrow(message);
  });

  it('whose rows without a delay have no end is found out, and the lifecycle survives', async () => {
    const { clock, lifecycle } = open();
    const table = stageTable([turn('green', 'red'), turn('red', 'green'), turn('black', 'white', { delay: span(1) })]);
    const subject = light('black');
    lifecycle.add(subject, table, seededDraws('a'));
    expect(() =>
      lifecycle.change(subject, (state) => {
        state.colour = 'red';
      }),
    ).toThrow(/comes again and again: its effect must end its "when"/);
    lifecycle.restart(subject, (state) => {
      state.colour = 'black';
    });
    await clock.advance(1);
    expect(subject.colour).toBe('white');
  });
});

describe('a lifecycle', () => {
  it('looks at what an effect changed elsewhere after the effect, in the order of the changes', () => {
    const { lifecycle } = open();
    const order: string[] = [];
    const [a, b, c] = [light(), light(), light()];
    const follow = (name: string) =>
      stageTable<Light>([
        turn('green', 'done', {
          effect: (state) => {
            state.colour = 'done';
            order.push(name);
          },
        }),
      ]);
    lifecycle.add(b, follow('b'), seededDraws('b'));
    lifecycle.add(c, follow('c'), seededDraws('c'));
    const lead = turn('green', 'done', {
      effect: (state) => {
        state.colour = 'done';
        for (const other of [c, b]) {
          lifecycle.change(other, (changed) => {
            changed.colour = 'green';
          });
        }
        order.push('a');
      },
    });
    lifecycle.add(a, stageTable([lead]), seededDraws('a'));
    lifecycle.change(a, (state) => {
      state.colour = 'green';
    });
    expect(order).toEqual(['a', 'c', 'b']);
  });

  it('tells when nothing will happen any more, once for each time', async () => {
    const idleAt: number[] = [];
    const { clock, lifecycle } = open(() => idleAt.push(clock.now()));
    const table = stageTable([turn('red', 'green', { delay: span(10) }), turn('green', 'yellow', { delay: span(10) })]);
    for (const name of ['a', 'b']) lifecycle.add(light(), table, seededDraws(name));
    await clock.advance(100);
    expect(idleAt).toEqual([20]);
    const late = light();
    lifecycle.add(late, table, seededDraws('c'));
    lifecycle.remove(late);
    expect([lifecycle.busy, clock.pending]).toEqual([false, 0]);
    expect(idleAt).toEqual([20]);
  });

  it('leaves no timer when it is closed, and follows no change from then on', async () => {
    const idle: number[] = [];
    const { clock, lifecycle } = open(() => idle.push(1));
    const table = stageTable([turn('red', 'green', { delay: span(10) })]);
    const subject = light();
    lifecycle.add(subject, table, seededDraws('a'));
    lifecycle.close();
    lifecycle.change(subject, (state) => {
      state.colour = 'red';
    });
    lifecycle.add(light(), table, seededDraws('b'));
    expect([clock.pending, lifecycle.busy, lifecycle.closed]).toEqual([0, false, true]);
    await clock.advance(100);
    expect([subject.colour, idle]).toEqual(['red', []]);
  });

  it('can be closed by an effect', async () => {
    const { clock, lifecycle } = open();
    const table = stageTable([
      turn('red', 'green', { delay: span(1), effect: () => lifecycle.close() }),
      turn('red', 'blue', { delay: span(2) }),
    ]);
    const subject = light();
    lifecycle.add(subject, table, seededDraws('a'));
    await clock.advance(10);
    expect([subject.colour, clock.pending]).toEqual(['red', 0]);
  });
});
