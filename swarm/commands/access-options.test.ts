import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../daemon/tls.ts';
import { type AccessFlags, addAccessOptions, listenSettings } from './access-options.ts';
import { InputError } from './exit.ts';

const NO_PEM = import.meta.filename;
const folder = mkdtempSync(join(tmpdir(), 'swarm-access-'));
const LOOPBACK = { host: '127.0.0.1', port: 0 };
const ANYWHERE = { host: '0.0.0.0', port: 0 };
const file = (name: string, content: string, mode = 0o600) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};
const made = (name: string, make: (path: string) => void) => {
  const path = join(folder, name);
  make(path);
  return path;
};
const flags = (...args: string[]): AccessFlags =>
  addAccessOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parse(args, { from: 'user' })
    .opts();

describe('the token', () => {
  it('is not demanded on loopback, unless a file is named', async () => {
    for (const host of ['127.0.0.1', '127.0.0.53', '::1', 'localhost']) {
      expect((await listenSettings({ host, port: 0 }, flags(), folder)).access.token, host).toBeNull();
    }
    const path = join(folder, 'named');
    const { access, notes } = await listenSettings(LOOPBACK, flags('--token-file', path), folder);
    expect(access.token!.is(readFileSync(path, 'utf8').trim())).toBe(true);
    expect(access.token!.is('another')).toBe(false);
    expect(notes).toEqual([`clients need the token in ${path}, made now`]);
  });

  it('is demanded beyond loopback and kept in the output folder, for its owner alone', async () => {
    for (const host of ['0.0.0.0', '::', '10.1.2.3']) {
      const out = mkdtempSync(join(folder, 'out-'));
      const { access, notes } = await listenSettings({ host, port: 0 }, flags(), out);
      const path = join(out, 'daemon.token');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(access.token!.is(readFileSync(path, 'utf8').trim())).toBe(true);
      expect(notes.join('\n')).toContain('without TLS the token crosses the network unencrypted');
      expect(notes.join('\n')).not.toContain(readFileSync(path, 'utf8').trim());
    }
  });

  // As pods find it in a Secret: a file of root's that the group of the volume reads. Only root can make one of somebody else's.
  it.runIf(process.getuid?.() === 0)(
    'of a file of another user that our group may read is taken without one',
    async () => {
      const theirs = (mode: number) => {
        const path = file(`theirs-${mode}`, 'sixteen-characters\n', mode);
        chownSync(path, 10_001, 10_001);
        return listenSettings(LOOPBACK, flags('--token-file', path), folder);
      };
      expect((await theirs(0o440)).notes.join()).not.toContain('warning');
      for (const mode of [0o444, 0o460])
        expect((await theirs(mode)).notes.join()).toContain('warning: users other than');
    },
  );

  it('of a file that others may read is taken with a warning', async () => {
    const path = file('open', 'sixteen-characters\n', 0o644);
    const { access, notes } = await listenSettings(LOOPBACK, flags('--token-file', path), folder);
    expect(access.token!.is('sixteen-characters')).toBe(true);
    expect(notes.join('\n')).toMatch(/warning: users other than its owner/);
  });

  it.each([
    ['that is short', () => file('short', 'short'), /holds no token; allowed: 16 to 512/],
    ['of several lines', () => file('lines', `${'a'.repeat(20)}\n${'b'.repeat(20)}`), /holds no token/],
    ['that is empty', () => file('empty', ''), /holds no token/],
    ['that is a folder', () => folder, /is not a regular file/],
    ['in no folder', () => join(folder, 'none', 'token'), /cannot be made \(ENOENT\)/],
    ['that is a pipe', () => made('pipe', (path) => execFileSync('mkfifo', [path])), /is not a regular/],
    [
      'that is a link to nothing',
      () => made('dangling', (path) => symlinkSync(join(folder, 'gone'), path)),
      /cannot be read \(ENOENT\)/,
    ],
  ])('in a file %s is an input error', async (_name, path, message) => {
    const wrong = listenSettings(ANYWHERE, flags('--token-file', path()), folder);
    await expect(wrong).rejects.toThrow(InputError);
    await expect(wrong).rejects.toThrow(message);
  });
});

describe('names', () => {
  it('are those of the address and the option', async () => {
    const settings = await listenSettings(
      { host: 'localhost', port: 1 },
      flags('--allow-host', 'Swarm.Example.com.', '--allow-host', 'fd00::1', '--allow-host', '[fd00::2]'),
      folder,
    );
    expect([...settings.access.hosts]).toEqual([
      'localhost',
      '127.0.0.1',
      'swarm.example.com',
      '[fd00::1]',
      '[fd00::2]',
    ]);
    expect(settings.host).toBe('127.0.0.1');
  });

  it.each(['a:80', 'http://a', 'a/b', 'a b', '', '*', 'user@a'])('%j is none', (name) => {
    expect(() => flags('--allow-host', name)).toThrow(/Allowed: a host name or an address/);
  });

  it('without an address cannot be listened on', async () => {
    await expect(listenSettings({ host: 'none.invalid', port: 1 }, flags(), folder)).rejects.toThrow(
      /the name has no address/,
    );
  });
});

describe('TLS', () => {
  it('takes a certificate and its key', async () => {
    const { cert, key } = await selfSigned(['localhost', '127.0.0.1']);
    const pair = ['--tls-cert', file('cert.pem', cert), '--tls-key', file('key.pem', key)];
    expect((await listenSettings(LOOPBACK, flags(...pair), folder)).certificate).toEqual({ cert, key });
  });

  it('makes a certificate for every name, and tells its fingerprint', async () => {
    const { X509Certificate } = await import('node:crypto');
    const { certificate, notes } = await listenSettings(
      ANYWHERE,
      flags('--tls-self-signed', '--allow-host', 'swarm.example.com', '--allow-host', 'fd00::1'),
      mkdtempSync(join(folder, 'out-')),
    );
    const made = new X509Certificate(certificate!.cert);
    for (const name of ['localhost', 'swarm.example.com']) expect(made.checkHost(name)).toBe(name);
    for (const ip of ['127.0.0.1', '::1', 'fd00::1']) expect(made.checkIP(ip), ip).toBe(ip);
    expect(notes.join('\n')).toContain(made.fingerprint256);
    expect(notes.join('\n')).not.toContain('unencrypted');
  });

  it.each([
    [['--tls-cert', 'x'], /--tls-cert needs --tls-key/],
    [['--tls-key', 'x'], /--tls-key needs --tls-cert/],
    [['--tls-self-signed', '--tls-cert', 'x', '--tls-key', 'y'], /not supported with/],
    [['--tls-cert', '/none', '--tls-key', '/none'], /--tls-cert \/none cannot be read \(ENOENT\)/],
    [['--tls-cert', NO_PEM, '--tls-key', NO_PEM], /cannot be used: .*; give a PEM certificate/],
  ])('%j is an input error', async (args, message) => {
    await expect(listenSettings(LOOPBACK, flags(...args), folder)).rejects.toThrow(message);
  });
});
