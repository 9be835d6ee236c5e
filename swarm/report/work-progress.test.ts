import { describe, expect, it } from 'vitest';
import { type Work, WorkProgress } from './work-progress.ts';

const WORK: Work = {
  title: 'watch',
  unit: 'workspaces whose backup has ended',
  done: 10,
  of: 40,
  details: () => ['40 Jobs: 10 succeeded, 0 failed'],
  warning: () => '',
};

/** One picture, or line, 20 seconds after the start. */
function shown(columns: number | undefined, isTTY = true): string[] {
  let text = '';
  let now = 1_000;
  const stream = { isTTY, write: (more: string) => (text += more), ...(columns !== undefined && { columns }) };
  const progress = new WorkProgress({ work: WORK, stream, env: { NO_COLOR: '1' }, now: () => now });
  now += 20_000;
  progress.show();
  return text.trimEnd().split('\n');
}

describe('work that goes on', () => {
  it('is a picture on a terminal', () => {
    expect(shown(100)).toEqual([
      '● watch  20 s  about 1m00s left',
      `workspaces whose backup has ended  ${'█'.repeat(7)}${'░'.repeat(23)}  10/40`,
      '40 Jobs: 10 succeeded, 0 failed',
    ]);
  });

  it.each([80, 60, 52, 45, 40])('is no wider than %i columns, and keeps its figures', (columns) => {
    const lines = shown(columns);
    expect(lines.filter((line) => line.length >= columns)).toEqual([]);
    expect(lines[1]).toContain('10/40');
    expect(lines[1]!.includes('░')).toBe(columns > 45);
  });

  it('is a line now and then elsewhere', () => {
    expect(shown(undefined, false)).toEqual([
      '20 s watch: 10 of 40 workspaces whose backup has ended | 40 Jobs: 10 succeeded, 0 failed | about 1m00s left',
    ]);
  });
});
