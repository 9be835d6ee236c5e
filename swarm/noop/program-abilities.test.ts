import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeUnless } from '../../model/testing/needs.ts';
import { checkAbilities } from './program-abilities.ts';
import { NO_LABS } from './testing/namespaces.ts';

const AGENT = ['url', 'infra-env-id', 'host-id', 'agent-version', 'insecure'];
const INSTALLER = [
  ...['role', 'infra-env-id', 'cluster-id', 'host-id', 'boot-device', 'url', 'openshift-version', 'mco-image'],
  ...['controller-image', 'agent-image', 'must-gather-image', 'control-plane-count', 'installer-args', 'format-disk'],
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'noop-abilities-'));
  vi.stubEnv('TMPDIR', folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const program = (name: string, body: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
};
/** Answers as the flags of Go's standard library do, when it is executed under the name. */
const stock = (file: string, name: string, flags: readonly string[]): string =>
  program(
    file,
    `case $0 in */${name}) ;; *) echo "unknown binary name"; exit 1 ;; esac
     [ "$1" = -h ] || exit 2
     printf '%s\\n' ${flags.map((flag) => `"  -${flag} string"`).join(' ')} >&2`,
  );
const check = (agent: string, installer: string | null = null, controller: string | null = null) =>
  checkAbilities({ agent, installer, controller, manifests: null });

describeUnless(NO_LABS, 'stock programs', {}, () => {
  it('are asked for what they will be given, before anything is made', async () => {
    const agent = stock('good-agent', 'agent', AGENT);
    const installer = stock('good-installer', 'installer', INSTALLER);
    const controller = program('good-controller', 'echo "required key CLUSTER_ID missing value"; exit 1');
    await expect(check(agent, installer, controller)).resolves.toBeUndefined();

    const old = stock(
      'old-installer',
      'installer',
      INSTALLER.filter((flag) => flag !== 'control-plane-count'),
    );
    await expect(check(agent, old)).rejects.toThrow(
      `programs.installer is ${old}, which cannot be driven as the installer of assisted-installer: asked for its flags it does not name -control-plane-count, but says "-role string"`,
    );
    await expect(check(installer)).rejects.toThrow(
      /^programs\.agent is .*good-installer, which cannot be driven as the agent .* says "unknown binary name"$/,
    );
    await expect(check(agent, agent)).rejects.toThrow(/^programs\.installer is .*good-agent/);
    await expect(check(agent, installer, program('mute', ':'))).rejects.toThrow(
      /^programs\.controller is .*mute, which cannot be driven as the controller .* name CLUSTER_ID, but says nothing$/,
    );
    expect(readdirSync(folder).filter((name) => name.startsWith('swarm-programs-'))).toEqual([]);
  });

  it('reach neither network nor processes while they are asked', async () => {
    const reached = join(folder, 'reached');
    const curious = program(
      'curious',
      `for flag in ${AGENT.join(' ')}; do echo " -$flag"; done
       kill -0 ${process.pid} && echo process > ${reached}
       [ "$(grep -c : /proc/self/net/dev)" -gt 1 ] && echo network > ${reached}
       :`,
    );
    await check(curious);
    expect(readdirSync(folder)).not.toContain('reached');
  });
});
