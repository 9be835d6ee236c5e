import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HostLog } from './host-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'noop-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const MIB = 1024 * 1024;
const LINE = Buffer.from(`${'x'.repeat(4095)}\n`);

it('keeps the last one to two megabytes of what a host writes, in two files', () => {
  const path = join(folder, 'host-1.log');
  const log = new HostLog(path);
  for (let i = 0; i < 5 * 256 + 7; i++) log.write(LINE);
  log.write(Buffer.from('the end\n'));
  expect(readdirSync(folder).sort()).toEqual(['host-1.log', 'host-1.log.1']);
  expect(statSync(`${path}.1`).size).toBe(MIB);
  expect(readFileSync(path, 'utf8').endsWith('the end\n')).toBe(true);
  // A further start of the host goes on where the file ends.
  new HostLog(path).write(Buffer.from('again\n'));
  expect(readFileSync(path, 'utf8').endsWith('the end\nagain\n')).toBe(true);
});

it('keeps a thousand hosts apart, each within its bound', () => {
  const logs = Array.from({ length: 1000 }, (_, host) => new HostLog(join(folder, `host-${host}.log`)));
  for (let round = 0; round < 3; round++) {
    for (const [host, log] of logs.entries()) log.write(Buffer.from(`${host} ${round}\n`));
  }
  expect(readdirSync(folder)).toHaveLength(1000);
  expect(readFileSync(join(folder, 'host-999.log'), 'utf8')).toBe('999 0\n999 1\n999 2\n');
});

it('fails where nothing can be written, and works again when it can', () => {
  const path = join(folder, 'gone', 'host.log');
  const log = new HostLog(path);
  expect(() => log.write(LINE)).toThrow(/ENOENT/);
  expect(existsSync(path)).toBe(false);
});
