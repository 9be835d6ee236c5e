import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { logArchive } from './log-archive.ts';

describe('logArchive', () => {
  it('is a tar that tar reads', () => {
    const folder = mkdtempSync(join(tmpdir(), 'archive-'));
    try {
      const file = join(folder, 'logs.tar.gz');
      writeFileSync(file, logArchive('assisted-installer-controller.logs', 30_000));
      expect(execFileSync('tar', ['-tvzf', file], { encoding: 'utf8' })).toMatch(
        /^-rw-r--r--.*assisted-installer-controller\.logs\n$/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([16_384, 163_840, 1_638_400])('has about %i bytes', (bytes) => {
    const { length } = logArchive('agent.logs', bytes);
    expect(Math.abs(length / bytes - 1)).toBeLessThan(0.06);
  });

  it('grows in steps and is made once', () => {
    expect(logArchive('a', 20_000)).toBe(logArchive('a', 30_000));
    expect(logArchive('a', 20_000)).not.toBe(logArchive('a', 40_000));
    expect(logArchive('a', 0).length).toBeGreaterThan(1_000);
  });
});
