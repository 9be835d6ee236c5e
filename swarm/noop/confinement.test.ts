/** What a program on a no-op host cannot do to the machine. Nothing is tried that would do harm if it worked. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeUnless } from '../../model/testing/needs.ts';
import { Lab } from './lab.ts';
import { NO_LABS } from './testing/namespaces.ts';

/** What the kernel of this machine can be told by writing to a file. */
const KERNEL = ['sysrq-trigger', 'sys/kernel/core_pattern', 'sys/kernel/panic', 'sys/vm/drop_caches']
  .map((name) => `/proc/${name}`)
  .filter((path) => existsSync(path));

/** Opens without writing, reads, and runs programs that need rights; tells what came of it. */
const PROGRAM = `
  import { constants, existsSync, openSync, readFileSync, readdirSync } from 'node:fs';
  import { spawnSync } from 'node:child_process';
  import { connect } from 'node:net';
  const url = process.env.REPORT;
  const opened = (path, flags) => { try { openSync(path, flags); return 'opened'; } catch (error) { return error.code; } };
  const ran = (...command) => { const { status, error } = spawnSync(command[0], command.slice(1), { stdio: 'ignore' }); return error?.code ?? status; };
  const connected = (port, host) => new Promise((resolve) => connect({ port, host }).once('connect', () => resolve('connected')).once('error', ({ code }) => resolve(code)));
  const made = constants.O_WRONLY | constants.O_CREAT;
  const nested = (...command) => ran('unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', '--', ...command);
  const facts = {
    status: readFileSync('/proc/self/status', 'utf8'),
    oom: readFileSync('/proc/self/oom_score_adj', 'utf8').trim(),
    kernel: JSON.parse(process.env.KERNEL).map((path) => opened(path, constants.O_WRONLY)),
    shared: ['/x', '/usr/bin/x', '/usr/lib/x', '/patches/x', '/devices/x', '/machine/x'].map((path) => opened(path, made)),
    replaced: ['/usr/bin/sh', '/patches/agent/podman', '/programs/0'].map((path) => opened(path, constants.O_WRONLY)),
    own: ['/opt/x', '/root/x', '/var/log/x', '/tmp/x', '/etc/x', '/dev/x'].map((path) => opened(path, made)),
    mknod: ran('mknod', '/tmp/disk', 'b', '8', '0'),
    disk: existsSync('/tmp/disk'),
    mounted: ['proc', 'sysfs', 'devtmpfs', 'tmpfs'].map((type) => ran('real-mount', '-t', type, type, '/tmp')),
    remounted: ['/', '/proc', '/usr/lib'].map((path) => ran('real-mount', '-o', 'remount,bind,rw', path)),
    nested: ['proc', 'sysfs'].map((type) => nested('real-mount', '-t', type, type, '/tmp')),
    processes: readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).length,
    root: readdirSync('/').sort(),
    outside: await connected(Number(new URL(url).port), '127.0.0.1'),
  };
  await fetch(url, { method: 'POST', body: JSON.stringify(facts) });
  setInterval(() => {}, 1000);
`;

interface Facts {
  status: string;
  oom: string;
  disk: boolean;
  mknod: number | string;
  outside: string;
  processes: number;
  root: string[];
  kernel: string[];
  shared: string[];
  replaced: string[];
  own: string[];
  mounted: (number | string)[];
  remounted: (number | string)[];
  nested: (number | string)[];
}

describeUnless(NO_LABS, 'a program on a no-op host', { timeout: 60_000 }, () => {
  let folder: string;
  let lab: Lab;
  let server: Server;
  let facts: Facts;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'noop-confined-'));
    lab = new Lab({
      patches: fileURLToPath(new URL('../../patches', import.meta.url)),
      programs: {
        agent: process.execPath,
        mknod: '/usr/bin/mknod',
        'real-mount': '/usr/bin/mount',
        unshare: '/usr/bin/unshare',
      },
      manifests: null,
      logs: join(folder, 'logs'),
      warn: () => {},
      dial: { dialTimeoutMs: 30_000, tlsHandshakeTimeoutMs: 10_000 },
    });
    const told = Promise.withResolvers<string>();
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        response.end();
        told.resolve(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { url } = await lab.reach(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await lab.start(
      {
        slot: 1,
        hostname: 'confined',
        nics: [{ name: 'eth0', mac: '52:54:00:00:00:01', mtu: 1500, addresses: ['10.3.0.11/24'] }],
        files: [{ path: 'program.mjs', text: PROGRAM }],
        devices: [],
        names: null,
        command: ['agent', '/host/program.mjs'],
        restart: false,
        environment: { REPORT: url, KERNEL: JSON.stringify(KERNEL) },
      },
      {
        onEvent: () => {},
        onConnection: () => ({ sent: () => {}, received: () => {}, closed: () => {} }),
        onEnded: (message) => told.reject(new Error(message)),
      },
    );
    facts = JSON.parse(await told.promise) as Facts;
  }, 60_000);
  afterAll(async () => {
    await lab.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  it('has no capability, and no way to get one', () => {
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(facts.status)?.[1];
    for (const name of ['CapEff', 'CapPrm', 'CapInh', 'CapBnd', 'CapAmb']) expect(field(name), name).toMatch(/^0+$/);
    expect(field('NoNewPrivs')).toBe('1');
    expect([facts.mknod, facts.disk]).toEqual([1, false]);
    for (const code of [...facts.mounted, ...facts.remounted]) expect(code).not.toBe(0);
  });

  it('opens nothing of the kernel for writing, not even through namespaces of its own', () => {
    expect(facts.kernel.length).toBeGreaterThan(1);
    for (const code of facts.kernel) expect(['EROFS', 'EACCES']).toContain(code);
    for (const code of facts.nested) expect(code).not.toBe(0);
  });

  it('writes to files of its own host alone', () => {
    expect(facts.shared).toEqual(facts.shared.map(() => 'EROFS'));
    for (const code of facts.replaced) expect(['EROFS', 'ETXTBSY', 'EACCES']).toContain(code);
    expect(facts.own).toEqual(facts.own.map(() => 'opened'));
  });

  it('sees no process, file or port of the machine', () => {
    expect(facts.processes).toBeLessThan(10);
    expect(facts.root).toEqual(
      'bin dev devices etc events host journal lib lib64 machine opt patches peers proc programs root run sbin sys tmp usr var'.split(
        ' ',
      ),
    );
    expect(facts.outside).toBe('ECONNREFUSED');
  });

  it('is what the kernel ends first when memory runs out', () => {
    expect(Number(facts.oom)).toBeGreaterThanOrEqual(500);
  });
});
