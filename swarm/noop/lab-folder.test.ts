import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkTemporaryFolder, makeLabFolder } from './lab-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-folder-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('the temporary folder', () => {
  it('takes the longest path below which a socket can be, and none that is longer', async () => {
    const refusal =
      /^the temporary folder is .*, which is (\d+) bytes long \(allowed: (\d+), .*\); name another one by TMPDIR$/;
    const long = join(folder, 'x'.repeat(110 - folder.length));
    mkdirSync(long);
    vi.stubEnv('TMPDIR', long);
    expect(checkTemporaryFolder).toThrow(refusal);
    let message = '';
    try {
      checkTemporaryFolder();
    } catch (error) {
      message = (error as Error).message;
    }
    const longest = long.slice(0, Number(refusal.exec(message)![2]));
    mkdirSync(longest);
    vi.stubEnv('TMPDIR', longest);
    expect(checkTemporaryFolder).not.toThrow();
    const { relay } = makeLabFolder();
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(relay, resolve));
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ['is missing', 'nowhere', /nowhere, which does not exist; name another one by TMPDIR$/],
    ['is a file', 'file', /file, which is not a folder; name another one by TMPDIR$/],
  ])('is refused when it %s', (_, name, message) => {
    writeFileSync(join(folder, 'file'), '');
    vi.stubEnv('TMPDIR', join(folder, name));
    expect(checkTemporaryFolder).toThrow(message);
  });
});

describe('the folder of a lab', () => {
  it('is removed by the next when its process is gone, and not before', () => {
    vi.stubEnv('TMPDIR', folder);
    const { folder: mine } = makeLabFolder();
    const forgotten = join(dirname(mine), 'swarm-lab-4194305-x');
    mkdirSync(forgotten);
    makeLabFolder();
    expect(existsSync(forgotten)).toBe(false);
    expect(existsSync(mine)).toBe(true);
  });
});
