import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CertificateAuthority } from '../../model/protocol/certificate-authority.ts';
import { describeUnless } from '../../model/testing/needs.ts';
import { trustFiles } from './host-files.ts';
import { Lab } from './lab.ts';
import type { HostFile } from './lab-protocol.ts';
import { NO_LABS } from './testing/namespaces.ts';

const DIAL = { dialTimeoutMs: 30_000, tlsHandshakeTimeoutMs: 10_000 };
const PATCHES = fileURLToPath(new URL('../../patches', import.meta.url));

let folder: string;
let lab: Lab;
let server: Server;
let events: { slot: number; words: readonly string[] }[];
let ended: { slot: number; message: string | undefined }[];
let bytes: { sent: number; received: number; closed: number; text: string };
const requests: string[] = [];
const warnings: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'noop-test-'));
  events = [];
  ended = [];
  requests.length = 0;
  warnings.length = 0;
  bytes = { sent: 0, received: 0, closed: 0, text: '' };
  lab = new Lab({
    patches: PATCHES,
    programs: { agent: process.execPath },
    manifests: null,
    outside: true,
    logs: join(folder, 'logs'),
    warn: (message) => warnings.push(message),
    dial: DIAL,
  });
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.host}`);
    response.end('fine');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await lab.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const eventually = async (look: () => void) => {
  const until = Date.now() + 20_000;
  for (;;) {
    try {
      look();
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** Boots a host on which Node runs a program in the agent's place. */
const boot = (
  slot: number,
  program: string,
  files: HostFile[] = [],
  network?: string,
  outside: string[] = [],
  hostname = `host-${slot}`,
) => {
  // Connections of a test's hosts may close when the next one has begun.
  const counted = bytes;
  return lab.start(
    {
      slot,
      hostname,
      nics: [{ name: 'ens1f0', mac: `52:54:00:00:00:0${slot}`, mtu: 1500, addresses: [`10.3.0.1${slot}/24`] }],
      files: [
        { path: 'etc/hosts', text: '127.0.0.1 localhost\n' },
        { path: 'etc/mtab', text: 'overlay / overlay rw 0 0\n' },
        { path: 'answers/inventory', text: `{"hostname":"host-${slot}"}` },
        { path: 'dev/sda', text: '' },
        { path: 'program.mjs', text: program },
        ...files,
      ],
      devices: ['sda', 'disk/by-id/wwn-1'],
      ...(network !== undefined && { network }),
      outside,
      names: null,
      command: ['agent', '/host/program.mjs'],
      restart: true,
      environment: { PULL_SECRET_TOKEN: "it's" },
    },
    {
      onEvent: (words) => events.push({ slot, words }),
      onConnection: () => ({
        sent: (chunk) => {
          counted.sent += chunk.length;
          counted.text += chunk.toString('latin1');
        },
        received: (chunk) => {
          counted.received += chunk.length;
        },
        closed: () => {
          counted.closed++;
        },
      }),
      onEnded: (message) => ended.push({ slot, message }),
    },
  );
};

/** Processes whose command line names the folder of a lab. */
const processesOf = (name: string) =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(name);
      } catch {
        return false;
      }
    });

describeUnless(NO_LABS, 'a lab', { timeout: 60_000 }, () => {
  it('gives each host a network, names and devices of its own, and a way to the service', async () => {
    const { port } = server.address() as AddressInfo;
    const reach = await lab.reach(`http://127.0.0.1:${port}/base`);
    expect(reach).toEqual({ url: `http://198.18.0.1:${port}/base`, hosts: '', ca: '' });
    expect(await lab.reach(`http://127.0.0.1:${port}`)).toMatchObject({ url: `http://198.18.0.1:${port}` });
    const program = `
      import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
      import { networkInterfaces, hostname } from 'node:os';
      import { execFileSync } from 'node:child_process';
      const nics = Object.entries(networkInterfaces()).flatMap(([name, list]) => list.map(({ address, mac }) => name + ' ' + address + ' ' + mac));
      const facts = { host: hostname(), nics, mtab: readFileSync('/etc/mtab', 'utf8'), token: process.env.PULL_SECRET_TOKEN,
        devices: readdirSync('/dev').filter((name) => name.startsWith('sd')), home: readdirSync('/').includes('home'), pid: process.ppid };
      const written = () => readFileSync('/dev/sda', 'utf8');
      writeFileSync('/dev/sda', 'written');
      await fetch('${reach.url}/' + encodeURIComponent(JSON.stringify(facts)));
      while (hostname() === 'host-1' && written() !== 'written, and more') await new Promise((go) => setTimeout(go, 20));
      execFileSync('nsenter', ['--target', '1', '--mount', '--', 'podman', 'run', '--name', 'next-step-runner', 'IMG', 'elsewhere']);
    `;
    await Promise.all([boot(1, program), boot(2, program)]);
    await eventually(() => expect(requests).toHaveLength(2));
    lab.append(1, { path: 'dev/sda', text: ', and more' });
    lab.append(3, { path: 'dev/sda', text: 'of nobody' });
    const facts = requests
      .map((line) => JSON.parse(decodeURIComponent(line.split(' ')[1]!.slice('/base/'.length))))
      .sort((a, b) => (a.host < b.host ? -1 : 1));
    expect(facts).toMatchObject([
      { host: 'host-1', mtab: 'overlay / overlay rw 0 0\n', token: "it's", devices: ['sda'], home: false, pid: 1 },
      { host: 'host-2' },
    ]);
    expect(facts[0].nics).toContain('ens1f0 10.3.0.11 52:54:00:00:00:01');
    expect(facts[1].nics).toContain('ens1f0 10.3.0.12 52:54:00:00:00:02');
    expect(requests[0]).toMatch(new RegExp(`^GET /base/.* 198\\.18\\.0\\.1:${port}$`));
    expect(bytes.sent).toBeGreaterThan(200);
    await eventually(() => expect(bytes.received).toBeGreaterThan(50));
    // A container that nobody knows is refused, the program dies of it, and its unit starts it again.
    await eventually(() => {
      expect(events).toContainEqual({
        slot: 1,
        words: 'refused podman run --name next-step-runner IMG elsewhere'.split(' '),
      });
      expect(events).toContainEqual({ slot: 1, words: ['program-ended', '1'] });
    });
    await eventually(() => expect(requests.length).toBeGreaterThanOrEqual(4));
    expect(readFileSync(join(folder, 'logs/host-1.log'), 'utf8')).toContain('nothing is known of this container');
    lab.stop(1);
    await eventually(() => expect(ended).toEqual([{ slot: 1, message: undefined }]));
  });

  it('gives a slot to another host when nothing is left of the one before', async () => {
    const reach = await lab.reach(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const program = (name: string) => `
      import { existsSync, writeFileSync } from 'node:fs';
      await fetch('${reach.url}/${name}/' + existsSync('/var/mine'));
      writeFileSync('/var/mine', '');
      setInterval(() => {}, 1000);`;
    await boot(1, program('first'));
    await eventually(() => expect(requests).toHaveLength(1));
    lab.stop(1);
    await boot(1, program('second'));
    await eventually(() =>
      expect(requests.map((line) => line.split(' ')[1])).toEqual(['/first/false', '/second/false']),
    );
    expect(ended).toEqual([{ slot: 1, message: undefined }]);
  });

  it('shows the hosts of a network each other, those of others nobody', async () => {
    const reach = await lab.reach(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const program = `
      import { readFileSync } from 'node:fs';
      import { hostname } from 'node:os';
      const peers = () => readFileSync('/host/answers/peers', 'utf8').trim();
      const wanted = hostname() === 'host-3' ? 1 : 2;
      while (peers().split('\\n').length < wanted) await new Promise((go) => setTimeout(go, 20));
      await fetch('${reach.url}/' + hostname() + '/' + encodeURIComponent(peers().split('\\n').sort().join('\\n')));
      setInterval(() => {}, 1000);`;
    const peer = (slot: number) => ({ path: 'answers/peers', text: `10.3.0.1${slot} 52:54:00:00:00:0${slot}\n` });
    await boot(1, program, [peer(1)], 'one');
    await boot(3, program, [peer(3)], 'other');
    await boot(2, program, [peer(2)], 'one');
    const both = encodeURIComponent('10.3.0.11 52:54:00:00:00:01\n10.3.0.12 52:54:00:00:00:02');
    const alone = encodeURIComponent('10.3.0.13 52:54:00:00:00:03');
    await eventually(() =>
      expect(requests.map((line) => line.split(' ')[1]).sort()).toEqual([
        `/host-1/${both}`,
        `/host-2/${both}`,
        `/host-3/${alone}`,
      ]),
    );
  });

  it('reaches what stands for an address of its own network, which nobody is told of', async () => {
    const { port } = server.address() as AddressInfo;
    const at = { host: '127.0.0.1', port };
    expect(await lab.reach('http://10.3.0.5:22624', { at })).toMatchObject({ url: 'http://10.3.0.5:22624', hosts: '' });
    const program = `
      await fetch('http://10.3.0.5:22624/config/worker');
      setInterval(() => {}, 1000);`;
    await boot(1, program, [], undefined, ['10.3.0.5']);
    await eventually(() => expect(requests).toEqual(['GET /config/worker 10.3.0.5:22624']));
    expect(bytes).toMatchObject({ sent: 0, received: 0, closed: 0 });
  });

  it('looks into TLS, for which each end has its own reasons to trust', async () => {
    const authority = await CertificateAuthority.create('of the service');
    const secure = createSecureServer(await authority.issue('service', ['127.0.0.1']), (request, response) => {
      requests.push(`${request.method} ${request.url}`);
      response.end('fine');
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    try {
      const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
      const trusted = await lab.reach(url, { tls: { ca: authority.cert } });
      const untrusted = await lab.reach(url);
      expect(untrusted.url).not.toBe(trusted.url);
      const program = `
        import { get } from 'node:https';
        import { readFileSync } from 'node:fs';
        import { execFileSync } from 'node:child_process';
        const ca = readFileSync('/etc/ssl/certs/ca-certificates.crt');
        const asked = (url) => new Promise((resolve) => get(url, { ca, agent: false }, (response) => response.resume().on('end', () => resolve('answered')))
          .on('error', ({ code }) => resolve(code)));
        const told = [];
        for (const url of ['${trusted.url}/there', '${untrusted.url}/not']) told.push(await asked(url));
        execFileSync('nsenter', ['--', 'podman', told.join(' ')]);`;
      await boot(1, program, trustFiles(trusted.ca));
      await eventually(() =>
        expect(events.map(({ words }) => words.join(' '))).toContain('refused podman answered ECONNRESET'),
      );
      expect(requests).toEqual(['GET /there']);
      // Both requests were seen as they were.
      expect(bytes.text).toMatch(/^GET \/there HTTP[\s\S]*GET \/not HTTP/);
      await eventually(() => expect(bytes.closed).toBe(2));
      expect(warnings).toEqual([
        expect.stringMatching(/^no-op hosts cannot reach 127\.0\.0\.1:\d+: .*(certificate|issuer)/),
      ]);
    } finally {
      secure.closeAllConnections();
      await new Promise((resolve) => secure.close(resolve));
    }
  });

  it('takes a service by its name where it has one', async () => {
    expect(await lab.reach('https://service.example.com/api')).toEqual({
      url: 'https://service.example.com/api',
      hosts: '198.18.0.1 service.example.com\n',
      ca: expect.stringContaining('BEGIN CERTIFICATE'),
    });
    expect(await lab.reach('http://192.0.2.7:8090')).toEqual({ url: 'http://192.0.2.7:8090', hosts: '', ca: '' });
  });

  it('reaches nothing outside of this machine unless that was allowed', async () => {
    await lab.close();
    lab = new Lab({ patches: PATCHES, programs: {}, manifests: null, logs: folder, warn: () => {}, dial: DIAL });
    await expect(lab.reach('https://service.example.com/api')).rejects.toThrow(
      /not a loopback address.*--noop-outside/,
    );
    await expect(lab.reach('https://inside.internal', { at: { host: '192.0.2.1', port: 1 } })).rejects.toThrow(
      'loopback',
    );
    expect(await lab.reach('https://inside.internal', { at: { host: '127.0.0.1', port: 1 } })).toMatchObject({
      url: 'https://inside.internal',
    });
  });

  it('says why a host cannot be', async () => {
    await lab.start(
      {
        slot: 1,
        hostname: 'h',
        nics: [{ name: 'a name that no NIC has', mac: 'x', mtu: 1, addresses: [] }],
        files: [],
        names: null,
        devices: [],
        command: [],
        restart: true,
        environment: {},
      },
      {
        onEvent: (words) => events.push({ slot: 1, words }),
        onConnection: () => expect.unreachable(),
        onEnded: () => {},
      },
    );
    await eventually(() => expect(events[0]?.words[0]).toBe('failed'));
    expect(events[0]!.words[1]).toContain('ip');
  });

  it('says what the machine has said of a host that did not come up', async () => {
    await boot(1, '', [], undefined, [], 'x'.repeat(100));
    await eventually(() =>
      expect(ended).toEqual([{ slot: 1, message: expect.stringMatching(/exit code 1: .*too long/) }]),
    );
  });

  it('finds the tools of the system for users who have none of their folders on PATH', async () => {
    vi.stubEnv('PATH', '/usr/bin:/bin');
    await boot(1, `console.error('up'); setInterval(() => {}, 1000);`);
    await eventually(() => expect(readFileSync(join(folder, 'logs/host-1.log'), 'utf8')).toBe('up\n'));
    expect(ended).toEqual([]);
  });

  it('leaves nothing when it is closed, and nothing when its owner is killed', async () => {
    await boot(1, 'setInterval(() => {}, 1000);');
    await lab.open();
    const own = readdirSync(tmpdir()).filter((name) => name.startsWith(`swarm-lab-${process.pid}-`));
    expect(own).toHaveLength(1);
    await lab.close();
    expect(existsSync(join(tmpdir(), own[0]!))).toBe(false);
    await eventually(() => expect(processesOf(own[0]!)).toEqual([]));

    const main = join(import.meta.dirname, 'lab.ts');
    const owner = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { Lab } = await import(${JSON.stringify(main)});
         const lab = new Lab({ patches: ${JSON.stringify(PATCHES)}, programs: { agent: process.execPath }, manifests: null, logs: ${JSON.stringify(folder)}, warn: () => {}, dial: ${JSON.stringify(DIAL)} });
         await lab.start({ slot: 0, hostname: 'h', nics: [{ name: 'eth0', mac: '52:54:00:00:00:01', mtu: 1500, addresses: [] }], files: [{ path: 'x.mjs', text: "import { execFileSync } from 'node:child_process'; execFileSync('nsenter', ['--', 'podman', 'run', 'IMG', 'inventory']); setInterval(() => {}, 1000)" }, { path: 'answers/inventory', text: '{}' }], devices: [], names: null, command: ['agent', '/host/x.mjs'], restart: true, environment: {} },
           { onEvent: (words) => console.log(words.join(' ')), onConnection: () => {}, onEnded: console.log });`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve) => owner.stdout.once('data', () => resolve()));
    const forgotten = readdirSync(tmpdir()).find((name) => name.startsWith(`swarm-lab-${owner.pid}-`))!;
    expect(processesOf(forgotten).length).toBeGreaterThan(0);
    owner.kill('SIGKILL');
    await eventually(() => expect(processesOf(forgotten)).toEqual([]));
    // The next one removes what is left of the folder.
    await eventually(() => expect(existsSync(`/proc/${owner.pid}`)).toBe(false));
    lab = new Lab({ patches: PATCHES, programs: {}, manifests: null, logs: folder, warn: () => {}, dial: DIAL });
    expect(existsSync(join(tmpdir(), forgotten))).toBe(false);
  });
});
