import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { copyPrograms } from './image-programs.ts';
import { FakeRegistry, type ToolName } from './testing/fake-tools.ts';
import type { LayerEntry } from './testing/image-layout.ts';

/** The head of a program that runs here, and something to know it by. */
const HEAD = Buffer.alloc(64);
const node = openSync(process.execPath, 'r');
readSync(node, HEAD, 0, HEAD.length, 0);
closeSync(node);
const program = (mark: string): Buffer => Buffer.concat([HEAD, Buffer.from(mark)]);
const TEMPLATE = 'assisted-installer-controller-pod.yaml.template';
const agentImage = (mark: string): LayerEntry[] => [
  { name: 'usr/bin/agent', text: program(mark) },
  { name: 'usr/bin/inventory', link: '/usr/bin/agent' },
];
const INSTALLER: LayerEntry[] = [
  { name: 'opt/installer', text: program('installer') },
  { name: 'usr/bin/installer', link: '../../opt/installer' },
  { name: `assisted-installer-controller/deploy/${TEMPLATE}`, text: 'kind: Job' },
];
const CONTROLLER: LayerEntry[] = [{ name: 'usr/bin/assisted-installer-controller', text: program('controller') }];

const AGENT = 'registry.example.com/assisted/agent';
const only = (image: string) => ({ agent: { image }, installer: null, controller: null, manifests: null });

let folder: string;
let cache: string;
let registry: FakeRegistry;
let told: string[];
const tell = (text: string) => told.push(text);
const withTools = (...names: ToolName[]) => vi.stubEnv('PATH', registry.tools(...names));
/** What is kept, without what is being copied. */
const kept = (): string[] =>
  readdirSync(join(cache, 'assisted-swarm/programs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('.copy-'))
    .sort();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-programs-'));
  cache = join(folder, 'cache');
  registry = new FakeRegistry(join(folder, 'registry'));
  told = [];
  vi.stubEnv('XDG_CACHE_HOME', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['skopeo', 'oc', 'podman'] as const)('programs out of images by %s', (name) => {
  test('are copied once, and kept by the digest of their image', async () => {
    withTools(name);
    const digest = await registry.push(AGENT, 'latest', agentImage('one'));
    await registry.push('registry.example.com/assisted/installer', 'v1', INSTALLER);
    await registry.push('registry.example.com/assisted/controller', 'v1', CONTROLLER);
    const sources = {
      agent: { image: `${AGENT}:latest` },
      installer: { image: 'registry.example.com/assisted/installer:v1' },
      controller: { image: 'registry.example.com/assisted/controller:v1' },
      manifests: null,
    };
    const { agent, installer, controller, manifests } = await copyPrograms(sources, tell);
    expect(agent).toContain(join(cache, 'assisted-swarm/programs/agent', digest.replace(':', '-')));
    expect(readFileSync(agent)).toEqual(program('one'));
    expect(statSync(agent).mode & 0o777).toBe(0o755);
    expect(readFileSync(installer!)).toEqual(program('installer'));
    expect(readFileSync(controller!)).toEqual(program('controller'));
    expect(readFileSync(join(manifests!, TEMPLATE), 'utf8')).toBe('kind: Job');
    expect(told.filter((text) => text.includes(`copying the program out of it with ${name}`))).toHaveLength(3);

    registry.calls();
    expect(await copyPrograms(sources, tell)).toEqual({ agent, installer, controller, manifests });
    // Only what finds out the digests was asked.
    for (const call of registry.calls())
      expect(call).toMatch(/^(skopeo inspect --raw|oc image info|podman (image inspect|pull --quiet)) /);

    // The tag moves: another program, beside the first.
    await registry.push(AGENT, 'latest', agentImage('two'));
    const newer = await copyPrograms(only(`${AGENT}:latest`), tell);
    expect(readFileSync(newer.agent)).toEqual(program('two'));
    expect(readFileSync(agent)).toEqual(program('one'));
    expect(readdirSync(join(cache, 'assisted-swarm/programs')).filter((one) => one.startsWith('.'))).toEqual([]);
  });

  test('need no tool any more where the digest is given', async () => {
    withTools(name);
    const digest = await registry.push(AGENT, 'latest', agentImage('one'));
    const { agent } = await copyPrograms(only(`${AGENT}@${digest}`), tell);
    expect(readFileSync(agent)).toEqual(program('one'));
    vi.stubEnv('PATH', '/nowhere');
    expect(await copyPrograms(only(`${AGENT}@${digest}`), tell)).toMatchObject({ agent });
  });

  test('say what is wrong with an image', async () => {
    withTools(name);
    await registry.push(AGENT, 'empty', [{ name: 'usr/bin/other', text: 'x' }]);
    await registry.push(AGENT, 'script', [{ name: 'usr/bin/agent', text: '#!/bin/sh\nexit 0\n# long enough\n' }]);
    const failure = (image: string) =>
      copyPrograms(only(image), tell).then(
        () => 'copied',
        (error: Error) => `${error.name}: ${error.message}`,
      );
    const begins = (image: string, what: string) => `RangeError: programs.agent is the image ${image}, which ${what}`;
    expect(await failure(`${AGENT}:none`)).toContain(begins(`${AGENT}:none`, `cannot be found; ${name} says:`));
    const secret = 'registry.example.com/private/agent:1';
    expect(await failure(secret)).toContain(
      begins(secret, 'needs credentials that are not there (log in with the tool'),
    );
    const foreign = 'registry.example.com/foreign:1';
    expect(await failure(foreign)).toContain(begins(foreign, 'has nothing for linux/'));
    expect(await failure(`${AGENT}:empty`)).toBe(begins(`${AGENT}:empty`, 'has no file /usr/bin/agent'));
    expect(await failure(`${AGENT}:script`)).toBe(
      begins(`${AGENT}:script`, 'has a /usr/bin/agent that is not a Linux executable'),
    );
    expect(kept()).toEqual(['agent']);
  });
});

describe('the tool for an image', () => {
  test('is the first of skopeo, oc and podman, but podman for what was built here', async () => {
    await registry.push(AGENT, 'latest', agentImage('one'));
    const used = async (image: string) => {
      rmSync(cache, { recursive: true, force: true });
      registry.calls();
      await copyPrograms(only(image), tell);
      return registry.calls().at(-1)!.split(' ')[0];
    };
    withTools('skopeo', 'oc', 'podman');
    expect(await used(`${AGENT}:latest`)).toBe('skopeo');
    withTools('oc', 'podman');
    expect(await used(`${AGENT}:latest`)).toBe('oc');

    withTools('skopeo', 'oc', 'podman');
    for (const name of ['localhost/agent', 'agent']) {
      await registry.push(name, 'dev', agentImage('built here'));
      expect(await used(`${name}:dev`), name).toBe('skopeo');
      registry.store(name, 'dev');
      expect(await used(`${name}:dev`), name).toBe('podman');
    }
    expect(readdirSync(join(registry.folder, 'podman/containers'))).toEqual([]);
  });

  test('is asked for where there is none', async () => {
    vi.stubEnv('PATH', '/nowhere');
    await expect(copyPrograms(only(`${AGENT}:latest`), tell)).rejects.toThrow(
      /needs skopeo, oc or podman on PATH to be read, and there is none/,
    );
    await expect(copyPrograms(only('oci:/images/agent:latest'), tell)).rejects.toThrow(
      /needs skopeo or podman on PATH/,
    );
  });
});

test('a copy that is killed leaves nothing that counts, and the next one removes it', async () => {
  withTools('skopeo');
  await registry.push(AGENT, 'latest', agentImage('one'));
  writeFileSync(join(registry.folder, 'break'), '');
  const main = join(import.meta.dirname, 'image-programs.ts');
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { copyPrograms } = await import(${JSON.stringify(main)}); await copyPrograms(${JSON.stringify(only(`${AGENT}:latest`))}, () => {});`,
    ],
    { stdio: 'ignore', env: process.env },
  );
  expect(await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))).toBe('SIGKILL');
  const programs = join(cache, 'assisted-swarm/programs');
  expect(readdirSync(programs).filter((name) => name.startsWith('.copy-'))).toHaveLength(1);
  expect(kept().filter((name) => name.includes('sha256'))).toEqual([]);
  rmSync(join(registry.folder, 'break'));
  const { agent } = await copyPrograms(only(`${AGENT}:latest`), tell);
  expect(readFileSync(agent)).toEqual(program('one'));
  expect(readdirSync(programs).filter((name) => name.startsWith('.copy-'))).toEqual([]);
});
