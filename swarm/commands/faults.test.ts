/** Errors nobody caught, and waits for what cannot happen, in processes of their own. */
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { CLI_ENV, MAIN } from './testing/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-faults-'));
const FAULTS = pathToFileURL(join(import.meta.dirname, 'faults.ts')).href;

function node(...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, args, { cwd: folder, env: CLI_ENV }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  );
}

it('uncaught errors are told once; those of broken connections fail nothing', async () => {
  const script = `
    import { catchFaults } from ${JSON.stringify(FAULTS)};
    const release = catchFaults({ note: (text) => console.error(text), onFault: (reason) => console.log(reason) });
    for (let i = 0; i < 3; i++) setTimeout(() => { throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }); });
    for (let i = 0; i < 2; i++) setTimeout(() => { throw new Error('a defect'); });
    setTimeout(() => Promise.reject(new Error('unanswered')), 5);
    setTimeout(() => { console.log('went on'); release(); }, 50);
    setTimeout(() => { throw new Error('after release'); }, 60);`;
  const { code, stdout, stderr } = await node('--input-type=module', '-e', script);
  expect(stdout).toBe('internal error: a defect\ninternal error: a defect\ninternal error: unanswered\nwent on\n');
  expect(stderr.split('\n').slice(0, 3)).toEqual([
    'a connection broke: write EPIPE',
    'internal error: a defect; please report it',
    'internal error: unanswered; please report it',
  ]);
  expect(code).toBe(1);
});

it('a command that waits for what cannot happen says so and fails', async () => {
  // Nothing keeps the process alive, although the command waits for a signal.
  const preload = `data:text/javascript,${encodeURIComponent(`
    import net from 'node:net';
    const { listen } = net.Server.prototype;
    net.Server.prototype.listen = function (...args) { return listen.apply(this, args).unref(); };`)}`;
  const { code, stderr } = await node('--import', preload, MAIN, 'serve', '--listen', '127.0.0.1:0');
  expect(stderr).toMatch(/listening on http/);
  expect(stderr).toMatch(/^swarm: internal error: the command waits for something that cannot happen any more/m);
  expect(stderr).not.toContain('unsettled');
  expect(code).toBe(1);
});
