/** The script of the built-in DevWorkspace, run by a real shell. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { payloadComponent, withPayloadEnvironment, withPayloadProof } from './payload.ts';
import { builtInTemplate } from './workspace-template.ts';

const root = mkdtempSync(join(tmpdir(), 'swarm-payload-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder with the programs that the script may use: those of coreutils. */
const programs = join(root, 'bin');
mkdirSync(programs);
for (const program of ['cat', 'head', 'mkdir', 'mv', 'rm', 'sha256sum', 'sleep']) {
  const path = (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, program))
    .find(existsSync);
  symlinkSync(path!, join(programs, program));
}

let folders = 0;
const folder = () => {
  const path = join(root, String(folders++));
  mkdirSync(path);
  return path;
};

/** Starts the container in a folder and stops it once it waits. @returns its exit code and what it said */
async function run(projects: string, environment: Record<string, string>) {
  const { container } = payloadComponent(64) as { container: { command: string[]; args: string[] } };
  const [program, ...args] = [...container.command, ...container.args];
  // Whoever has come to the trap waits for the signal.
  const script = args.at(-1)!.replace('sleep 2147483647 &', 'echo waits; sleep 60 &');
  const child = spawn(program!, [...args.slice(0, -1), script], {
    env: { PATH: programs, PAYLOAD_BYTES: '64', PROJECTS_ROOT: projects, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  const hear = (data: Buffer) => {
    said += data;
    if (said.includes('waits')) child.kill('SIGTERM');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  // What it has started holds its outputs open.
  child.on('exit', () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // Its group has gone with it.
    }
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, said };
}

describe.concurrent('the payload of a workspace', () => {
  it('is written once, ends at a signal, and is found whole by a restored one', async () => {
    const projects = folder();
    expect((await run(projects, { PAYLOAD_MARKER: 'ns/a' })).code).toBe(0);
    expect(readdirSync(projects)).toEqual(['payload']);
    const data = readFileSync(join(projects, 'payload/data'));
    expect(data).toHaveLength(64);
    await run(projects, { PAYLOAD_MARKER: 'ns/b' });
    expect(readFileSync(join(projects, 'payload/data'))).toEqual(data);
    expect(readFileSync(join(projects, 'payload/marker'), 'utf8')).toBe('ns/a');
    expect(await run(projects, { EXPECT_MARKER: 'ns/a' })).toMatchObject({ code: 0 });
  });

  it('of another workspace is not taken for its own', async () => {
    const projects = folder();
    await run(projects, { PAYLOAD_MARKER: 'ns/a' });
    const { code, said } = await run(projects, { EXPECT_MARKER: 'ns/b' });
    expect(code).not.toBe(0);
    expect(said).toContain('payload: FAILED, it is that of ns/a');
  });

  it('that has changed is found out', async () => {
    const projects = folder();
    await run(projects, { PAYLOAD_MARKER: 'ns/a' });
    writeFileSync(join(projects, 'payload/data'), 'x'.repeat(64));
    const { code, said } = await run(projects, { EXPECT_MARKER: 'ns/a' });
    expect(code).not.toBe(0);
    expect(said).toContain('payload: FAILED, it has changed');
  });

  it('that is missing is found out', async () => {
    const { code, said } = await run(folder(), { EXPECT_MARKER: 'ns/a' });
    expect(code).not.toBe(0);
    expect(said).toContain('payload: FAILED, it is not there');
  });

  it('is ready when it is written, or found to be right, and no sooner', async () => {
    const projects = folder();
    const ready = (name: string) => join(root, name);
    await run(projects, { PAYLOAD_MARKER: 'm', PAYLOAD_READY: ready('written') });
    await run(projects, { EXPECT_MARKER: 'm', PAYLOAD_READY: ready('found') });
    await run(projects, { EXPECT_MARKER: 'n', PAYLOAD_READY: ready('other') });
    await run(folder(), { EXPECT_MARKER: 'm', PAYLOAD_READY: ready('missing') });
    expect(['written', 'found', 'other', 'missing'].map((name) => existsSync(ready(name)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('may be nothing, hidden, or marked with the id of the workspace', async () => {
    const empty = folder();
    expect((await run(empty, { PAYLOAD_BYTES: '0' })).code).toBe(0);
    expect(readdirSync(empty)).toEqual([]);
    const hidden = folder();
    await run(hidden, { PAYLOAD_ENTRY: '.payload', DEVWORKSPACE_ID: 'workspace1' });
    expect(readdirSync(hidden)).toEqual(['.payload']);
    expect(readFileSync(join(hidden, '.payload/marker'), 'utf8')).toBe('workspace1');
    expect((await run(hidden, { PAYLOAD_ENTRY: '.payload', EXPECT_MARKER: 'workspace1' })).code).toBe(0);
  });

  it('that was cut off is begun again', async () => {
    const projects = folder();
    mkdirSync(join(projects, 'payload.part'));
    writeFileSync(join(projects, 'payload.part/data'), 'half');
    await run(projects, { PAYLOAD_MARKER: 'm' });
    expect((await run(projects, { EXPECT_MARKER: 'm' })).code).toBe(0);
  });
});

it('gets its environment in a copy of the template', () => {
  const spec = builtInTemplate(7, { backup: true, storageType: null });
  const marked = withPayloadEnvironment(withPayloadEnvironment(spec, { PAYLOAD_MARKER: 'a' }), { PAYLOAD_MARKER: 'b' });
  const environment = (of: typeof spec) =>
    (of.template as { components: { container?: { env: object[] } }[] }).components[1]!.container!.env;
  expect(environment(marked)).toEqual([
    { name: 'PAYLOAD_BYTES', value: '7' },
    { name: 'PAYLOAD_MARKER', value: 'b' },
  ]);
  expect(environment(spec)).toEqual([{ name: 'PAYLOAD_BYTES', value: '7' }]);
});

it('is proven by a probe that asks for the file the script makes', () => {
  const spec = builtInTemplate(7, { backup: true, storageType: null });
  const proven = withPayloadProof(spec, { EXPECT_MARKER: 'm' });
  type Component = { attributes?: Record<string, unknown>; container?: { env: { name: string; value: string }[] } };
  const [volume, main] = (proven.template as { components: Component[] }).components;
  expect(volume).toEqual((spec.template as { components: Component[] }).components[0]);
  const file = main!.container!.env.find(({ name }) => name === 'PAYLOAD_READY')!.value;
  expect(main!.attributes).toMatchObject({
    'container-overrides': { startupProbe: { exec: { command: ['/bin/sh', '-c', `[ -e ${file} ]`] } } },
  });
});
