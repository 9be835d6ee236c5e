import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeMock, seedHub, startKubeMock } from '../../controller-mock/index.ts';
import type { LaunchEvent } from '../cluster/launch/launch-event.ts';
import { InputError } from './exit.ts';
import { launchCommand } from './launch.ts';
import { launchLine } from './launch-progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-launch-'));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

let hub: KubeMock;
let kubeconfig: string;
beforeAll(async () => {
  hub = await startKubeMock({ tls: false });
  kubeconfig = file('hub', hub.kubeconfig);
});
afterAll(() => hub.close());

const launch = (...args: string[]) =>
  launchCommand(() => {})
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(['--listen', '127.0.0.1:0', '--out', folder, ...args], { from: 'user' });

describe('wrong input', () => {
  it.each([
    ['a kubeconfig that is not there', ['--kubeconfig', '/nowhere'], '/nowhere is not a kubeconfig that can be read'],
    ['a context that is not in it', ['--context', 'x'], 'has no context x'],
    ['--converged alone', ['--converged'], '--converged says how BareMetalHosts boot; give --bmh too'],
    ['--no-converged alone', ['--no-converged'], '--no-converged says how BareMetalHosts boot; give --bmh too'],
    [
      '--agent noop alone',
      ['--agent', 'noop'],
      '--agent noop needs the stock programs; name them with --programs FILE',
    ],
    ['a file of programs that is not there', ['--programs', '/nowhere'], '--programs /nowhere cannot be read (ENOENT)'],
    [
      'programs that are not all there',
      ['--programs', file('some.yaml', 'agent: a\ninstaller: i\n')],
      'controller, controller_manifests missing; allowed: agent, installer, controller, controller_manifests',
    ],
    [
      'a key that no program has',
      ['--programs', file('typo.yaml', 'agents: a\n')],
      'typo.yaml:1:1: unknown key "agents"; did you mean agent?',
    ],
    [
      'programs that are none',
      ['--programs', file('none.yaml', 'agent: a\ninstaller: i\ncontroller: c\ncontroller_manifests: m\n')],
      `programs.agent is ${join(folder, 'a')}, which does not exist`,
    ],
    ['a CA file that is not there', ['--ca', '/nowhere'], '--ca /nowhere cannot be read'],
    ['a CA file without a certificate', ['--ca', file('ca', 'x')], 'holds no certificate; give a PEM file'],
    [
      'a share of downloads alone',
      ['--boot-share', '0.5'],
      '--boot-share says how hosts download; give --boot iso or ip',
    ],
    [
      'a share of downloads above 1',
      ['--boot', 'iso', '--boot-share', '2'],
      '--boot-share 2 is not allowed; allowed: ',
    ],
    [
      'a rate that is not one',
      ['--boot', 'ipxe', '--boot-rate-total', '5'],
      '--boot-rate-total 5 is not allowed; allowed: bytes in a second such as',
    ],
    [
      'a rate that is too small',
      ['--boot', 'iso', '--boot-rate-per-host', '5B/s'],
      '--boot-rate-per-host 5B/s is not allowed; allowed: at least 1kB/s',
    ],
    ['a hub without the kinds', [], 'does not serve infraenvs.agent-install.openshift.io: install assisted-service'],
  ])('%s is refused with one message', async (_, args, message) => {
    const given = args.includes('--kubeconfig') ? args : ['--kubeconfig', kubeconfig, ...args];
    const error = await launch(...given).catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(message);
  });

  it('a selector that is none is refused with what the hub says of it', async () => {
    const full = await startKubeMock({ tls: false, world: seedHub });
    try {
      const given = ['--kubeconfig', file('full', full.kubeconfig), '--selector', 'a==b==c'];
      await expect(launch(...given)).rejects.toThrow('--selector a==b==c is not a label selector: ');
    } finally {
      await full.close();
    }
  });

  it('a hub that does not answer is refused with its address', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const gone = file('gone', hub.kubeconfig.replaceAll(hub.url, `http://127.0.0.1:${port}`));
    await expect(launch('--kubeconfig', gone)).rejects.toThrow(
      `the hub http://127.0.0.1:${port} cannot be reached (connect ECONNREFUSED`,
    );
  });

  it.each([
    ['--agents', 'x'],
    ['--agents', '10001'],
    ['--workers', '0'],
    ['--boot-spread', 'x'],
    ['--spoke-address', 'here'],
  ])('%s %s is refused', async (...args) => {
    await expect(launch('--kubeconfig', kubeconfig, ...args)).rejects.toThrow('Allowed: ');
  });
});

it('downloads, agents and durations of another kind are refused', async () => {
  await expect(launch('--kubeconfig', kubeconfig, '--agent', 'x')).rejects.toThrow('Allowed choices are native, noop');
  await expect(launch('--kubeconfig', kubeconfig, '--boot', 'x')).rejects.toThrow('Allowed choices are iso, ipxe');
  await expect(launch('--kubeconfig', kubeconfig, '--spoke-profile', 'slow')).rejects.toThrow(
    "'slow' is invalid. Allowed choices are typical, quick",
  );
});

describe('lines for people', () => {
  it.each([
    [{ type: 'infra-env.hosts', infraEnv: 'a/b', hosts: 1, added: ['x'], removed: [] }, 'a/b: 1 host alive, added x'],
    [
      { type: 'infra-env.hosts', infraEnv: 'a/b', hosts: 9, added: ['1', '2', '3', '4', '5'], removed: ['0'] },
      'a/b: 9 hosts alive, added 1, 2, 3, 4 and 1 more, removed 0',
    ],
    [{ type: 'infra-env.waiting', infraEnv: 'a/b', message: 'waits: x' }, 'a/b: waits: x'],
    [{ type: 'agent.approved', infraEnv: 'a/b', agent: 'id', role: null }, 'a/b: Agent id approved'],
    [{ type: 'launch.warning', message: 'x' }, 'warning: x'],
    [
      {
        type: 'host',
        infraEnv: 'a/b',
        event: { type: 'host.phase', time: 0, cluster: 0, host: 0, id: 'i', phase: 'polling' },
      },
      null,
    ],
  ])('of %j is %j', (event, line) => {
    expect(launchLine({ time: 0, ...event } as LaunchEvent)).toBe(line);
  });
});
