/** Files that clients name lie in one folder, whatever their paths look like. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AgentFiles } from './agent-files.ts';

const root = mkdtempSync(join(tmpdir(), 'swarm-agent-files-'));
const shared = join(root, 'shared');
const outside = join(root, 'outside');
mkdirSync(join(shared, 'below'), { recursive: true });
mkdirSync(outside);
writeFileSync(join(outside, 'secret.json'), '["root:x:0:0"]');
writeFileSync(join(outside, 'passwd'), 'root:x:0:0');
symlinkSync(outside, join(shared, 'link'));
symlinkSync(join(outside, 'secret.json'), join(shared, 'link.json'));
symlinkSync(join(outside, 'new'), join(shared, 'dangling'));
execFileSync('mkfifo', [join(shared, 'pipe')]);
const files = new AgentFiles(shared);

const OUTSIDE = [
  '/etc/passwd',
  join(outside, 'secret.json'),
  join(shared, '..', 'outside', 'secret.json'),
  join(shared, 'link', 'secret.json'),
  `${shared}/below/../../outside/secret.json`,
  `${shared}-beside/x`,
  shared,
  `${shared}/`,
  `${shared}/.`,
  `${shared}/below/..`,
  root,
  '/',
  'relative.json',
  '../outside/secret.json',
  '/proc/self/environ',
  // What is there tells no more than what is not.
  '/etc/passwd/a/b',
  '/etc/none/a/b',
  join(outside, 'passwd', 'a', 'b'),
  `/${'a'.repeat(300)}/b/c`,
  `/proc/self/cwd/x`,
];

describe('lists of hosts', () => {
  it('are read where they may lie', async () => {
    writeFileSync(join(shared, 'below', 'hosts.json'), '[{"hostname":"a"}]');
    await files.checkHosts(join(shared, 'below', 'hosts.json'));
    await files.checkHosts(`${shared}//below/./../below/hosts.json`);
  });

  it.each(OUTSIDE)('are not looked for at %s', async (path) => {
    await expect(files.checkHosts(path)).rejects.toThrow(/does not lie in .*--agent-files/);
  });

  it.each([
    ['a link', 'link.json', /ELOOP/],
    ['a pipe', 'pipe', /not a regular file/],
    ['a folder', 'below', /not a regular file/],
    ['nothing', 'none.json', /ENOENT/],
    ['a NUL', 'a\0b', /NUL/],
  ])('that are %s are refused', async (_name, name, reason) => {
    await expect(files.checkHosts(join(shared, name))).rejects.toThrow(reason);
  });

  it('are never quoted', async () => {
    writeFileSync(join(shared, 'passwd'), 'root:x:0:0:secret');
    for (const content of ['root:x:0:0:secret', '{"root": "secret"}', '"secret"', '[secret']) {
      writeFileSync(join(shared, 'bad.json'), content);
      const error = await files.checkHosts(join(shared, 'bad.json')).then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error?.message).toMatch(/does not hold a JSON array$/);
      expect(`${error?.message}`).not.toMatch(/secret|root:/);
    }
  });

  it('of any size do not fill the memory', async () => {
    writeFileSync(join(shared, 'huge.json'), '[');
    truncateSync(join(shared, 'huge.json'), 2 ** 40);
    await expect(files.checkHosts(join(shared, 'huge.json'))).rejects.toThrow(/allowed: 4194304/);
  });
});

describe('markers', () => {
  it('are made where they may lie, empty, and what is there stays', () => {
    const marker = join(shared, 'below', 'marker');
    files.checkMarker(marker);
    files.touchMarker(marker);
    expect(readFileSync(marker, 'utf8')).toBe('');
    writeFileSync(marker, 'mine');
    files.touchMarker(marker);
    expect(readFileSync(marker, 'utf8')).toBe('mine');
  });

  it.each(OUTSIDE)('are not made at %s', (path) => {
    expect(() => files.checkMarker(path)).toThrow(/does not lie in/);
    files.touchMarker(path);
  });

  it('are not made through links, nor wait for a reader of a pipe', () => {
    for (const name of ['dangling', 'link/new', 'pipe']) files.touchMarker(join(shared, name));
    expect(existsSync(join(outside, 'new'))).toBe(false);
  });

  it('may be named before their folder exists, and are dropped when it became a link', () => {
    const marker = join(shared, 'later', 'marker');
    files.checkMarker(marker);
    files.touchMarker(marker);
    expect(existsSync(marker)).toBe(false);
    symlinkSync(outside, join(shared, 'later'));
    files.touchMarker(marker);
    expect(existsSync(join(outside, 'marker'))).toBe(false);
  });
});

it('the folder must be one', () => {
  expect(() => new AgentFiles(join(root, 'none'))).toThrow('cannot be used (ENOENT)');
  expect(() => new AgentFiles(join(outside, 'passwd'))).toThrow('is not a folder');
});
