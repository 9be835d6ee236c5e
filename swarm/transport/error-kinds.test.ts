import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isGeneratorError } from '../../model/protocol/outcomes.ts';
import { kindOfSystemError } from './error-kinds.ts';

const systemError = (code: string, syscall: string) =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall });

describe('what a system error means', () => {
  it.each([
    ['EMFILE', 'connect', 'files-exhausted'],
    ['ENFILE', 'connect', 'files-exhausted'],
    ['EADDRNOTAVAIL', 'connect', 'ports-exhausted'],
    ['EADDRINUSE', 'bind', 'ports-exhausted'],
    ['EADDRNOTAVAIL', 'bind', 'source-address'],
    ['EINVAL', 'bind', 'source-address'],
    ['ENOBUFS', 'connect', 'memory-exhausted'],
    ['ENOMEM', 'write', 'memory-exhausted'],
  ])('%s of %s is the generator’s own: %s', (code, syscall, kind) => {
    expect(kindOfSystemError(systemError(code, syscall))).toBe(kind);
    expect(isGeneratorError(kind)).toBe(true);
  });

  it.each([
    ['ECONNREFUSED', 'connect', 'refused'],
    ['ENOTFOUND', 'getaddrinfo', 'dns'],
    ['EINVAL', 'connect', 'protocol'],
  ])('%s of %s is the way’s or the service’s: %s', (code, syscall, kind) => {
    expect(kindOfSystemError(systemError(code, syscall))).toBe(kind);
    expect(isGeneratorError(kind)).toBe(false);
  });

  it('blames no name server for files that cannot be opened', async () => {
    // In a process of its own, whose limit may be reached.
    const script = `
      import { openSync, closeSync } from 'node:fs';
      import { createUndiciTransport } from ${JSON.stringify(import.meta.resolve('./undici.ts'))};
      const observer = { connectionOpened() {}, connectionClosed() {} };
      const made = createUndiciTransport({ mode: 'per-poll', observer, idleTimeoutMs: 1000, dialTimeoutMs: 5000, tlsHandshakeTimeoutMs: 5000 });
      const ask = (baseUrl) => made.openSession({ baseUrl, machine: 0 }).request({ method: 'GET', path: '/', headers: [] });
      const files = [];
      try { for (;;) files.push(openSync('/dev/null')); } catch {}
      const kinds = [];
      for (const url of ['http://localhost:1', 'http://127.0.0.1:1']) await ask(url).catch(({ kind }) => kinds.push(kind));
      for (const file of files) closeSync(file);
      console.log(kinds.join(' '));`;
    const run = promisify(execFile);
    const node = ['--input-type=module', '--eval', script];
    const { stdout } = await run('sh', ['-c', 'ulimit -n 128; exec "$0" "$@"', process.execPath, ...node]);
    expect(stdout.trim()).toBe('files-exhausted files-exhausted');
  });
});
