import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeUnless } from '../../model/testing/needs.ts';
import { NO_LABS } from './testing/namespaces.ts';
import { escapedCommands, executedCommands, missingCommands, parseAttempts, unknownFlags } from './watched-commands.ts';

const WATCH = fileURLToPath(new URL('../../patches/machine/watch', import.meta.url));
const UP = 'exec sh /patches/machine/init /patches/machine/init\n';

describe('attempts to execute something', () => {
  it('count from the start of the host on, also of its second', () => {
    const attempts = parseAttempts(
      `exec sh /usr/bin/mount mount -t proc\n${UP}look agent /usr/bin/podman\nexec agent /usr/bin/podman podman rm %\n` +
        `exec sh /usr/bin/sh sh boot network\nexec boot /usr/bin/ip ip link\n${UP}exec sh /usr/bin/cat cat a%20b%C3%A9`,
    );
    expect(attempts).toEqual([
      { kind: 'look', by: 'agent', path: '/usr/bin/podman', args: [] },
      { kind: 'exec', by: 'agent', path: '/usr/bin/podman', args: ['podman', 'rm', ''] },
      { kind: 'exec', by: 'sh', path: '/usr/bin/cat', args: ['cat', 'a bé'] },
    ]);
  });

  it('are read whatever the words are', () => {
    const encoded = (word: string) =>
      word === ''
        ? '%'
        : [...Buffer.from(word)]
            .map((byte) =>
              byte > 0x20 && byte < 0x7f && byte !== 0x25
                ? String.fromCharCode(byte)
                : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
            )
            .join('');
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (args) => {
        const line = ['exec', 'sh', '/usr/bin/true', ...args.map(encoded)].join(' ');
        expect(parseAttempts(UP + line)[0]?.args).toEqual(args);
      }),
    );
  });

  it('escape when they are of what is not known, wherever it is', () => {
    const attempts = parseAttempts(
      `${UP}look agent /usr/bin/frob\nlook agent /bin/frob\nexec sh /usr/bin/known known\nlook agent /etc/frob\n` +
        'exec sh /opt/tool /opt/tool -x\nexec sh /opt/tool /opt/tool -x\nexec init /machine/umount umount\n',
    );
    expect(escapedCommands(attempts, new Set(['known']))).toEqual([
      { command: 'frob', by: 'agent', call: '', times: 1 },
      { command: '/opt/tool', by: 'sh', call: '/opt/tool -x', times: 2 },
    ]);
  });

  it('show what nsenter runs in its own process', () => {
    const attempts = parseAttempts(
      `${UP}exec r /usr/bin/nsenter nsenter --target 1 -- timeout 30 chronyc -n\nexec r /bin/nsenter nsenter -- /usr/sbin/vgs\nlook r /usr/bin/fio`,
    );
    expect([...executedCommands(attempts)]).toEqual(['nsenter', 'timeout', 'chronyc', 'vgs']);
  });
});

describe('the output of programs', () => {
  it('tells of missing commands and of flags', () => {
    const log =
      'msg="exec: \\"frob\\": executable file not found in $PATH"\nsh: 1: nosuch: not found\nflag provided but not defined: -new-one\n';
    expect([...missingCommands(log)]).toEqual(['frob', 'nosuch']);
    expect([...unknownFlags(log)]).toEqual(['-new-one']);
  });
});

describeUnless(NO_LABS, 'what is watched', {}, () => {
  it('shows what is there, what is not, and how it was called', () => {
    const folder = mkdtempSync(join(tmpdir(), 'noop-watch-'));
    try {
      const file = join(folder, 'commands');
      const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
      const script = 'frobnicate --now; "$0" -e "process.exit(0)" "two words" ""; exit 7';
      const args = [
        ...user,
        '--pid',
        '--fork',
        '--mount-proc',
        'perl',
        WATCH,
        file,
        'sh',
        '-c',
        script,
        process.execPath,
      ];
      let code: unknown;
      try {
        execFileSync('unshare', args, { env: { PATH: `${process.env.PATH}:/usr/bin` }, stdio: 'pipe' });
      } catch (error) {
        code = (error as { status: number }).status;
      }
      expect(code).toBe(7);
      const attempts = parseAttempts(UP + readFileSync(file, 'utf8'));
      expect(attempts).toContainEqual({
        kind: 'look',
        by: 'sh',
        // Looks are told of where hosts have their commands.
        path: '/usr/bin/frobnicate',
        args: [],
      });
      expect(attempts).toContainEqual(
        expect.objectContaining({
          kind: 'exec',
          path: process.execPath,
          args: [process.execPath, '-e', 'process.exit(0)', 'two words', ''],
        }),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
