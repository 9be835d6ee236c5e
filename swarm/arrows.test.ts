/** The linter's table of rooms (biome.jsonc) against the order that it draws: every arrow between two rooms is planted once. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const BIOME = join(ROOT, 'node_modules/.bin/biome');

/** From the top to the ground; rooms of one floor do not know each other. */
const FLOORS = [
  ['swarm/commands'],
  ['swarm/daemon'],
  ['swarm/backup', 'swarm/cluster', 'swarm/bmh', 'swarm/fleet'],
  ['swarm/report', 'swarm/collect', 'swarm/pool'],
  ['swarm/noop', 'swarm/agent', 'swarm/installer', 'swarm/controller'],
  ['swarm/service', 'swarm/plan'],
  ['swarm/host', 'swarm/transport', 'swarm/telemetry'],
  ['swarm/plan/expanded-plan.ts'],
  ['model/spoke'],
  ['model/lifecycle'],
  ['model/kube'],
  ['model/time'],
  ['model/protocol'],
  ['model/text'],
];
const ROOMS = FLOORS.flat();
const floorOf = (room: string) => FLOORS.findIndex((floor) => floor.includes(room));
const MOCKS = ['service-mock', 'controller-mock'];

/** Rooms of the mock kube-api, and what each may import besides model; worlds may import all of them. */
const MOCK_ROOMS: Readonly<Record<string, readonly string[]>> = {
  api: [],
  store: ['api'],
  schema: ['api'],
  patch: ['api'],
  apply: ['schema', 'api'],
  registry: ['apply', 'schema', 'store', 'api'],
  http: ['registry', 'patch', 'apply', 'schema', 'store', 'api'],
  crd: ['schema', 'api'],
  builtins: ['crd', 'schema', 'api'],
  protobuf: ['builtins', 'api'],
  controllers: ['crd', 'registry', 'store', 'api'],
  server: ['http', 'controllers', 'registry', 'api'],
};

/** A file of a room, as others import it. */
const fileIn = (room: string) => (room.endsWith('.ts') ? room : `${room}/some.ts`);

interface Planted {
  from: string;
  to: string;
  /** Whether the arrow is one that the linter must refuse. */
  refused: boolean;
  /** File that holds the import. */
  file: string;
}

function planted(): Planted[] {
  const arrows: Planted[] = [];
  const plant = (from: string, to: string, refused: boolean) => {
    const name = `to-${to.replaceAll(/[/.]/g, '-')}.ts`;
    // The plan's types are single files, so each import of theirs needs the whole file.
    if (from.endsWith('.ts')) return;
    for (const folder of ['', 'inner/']) arrows.push({ from, to, refused, file: `${from}/${folder}${name}` });
  };
  for (const from of ROOMS) {
    for (const to of ROOMS) if (from !== to) plant(from, fileIn(to), floorOf(from) >= floorOf(to));
    const top = from === 'swarm/commands' || from === 'swarm/daemon';
    for (const mock of MOCKS) {
      plant(from, `${mock}/index.ts`, !top);
      plant(from, `${mock}/core/some.ts`, true);
    }
    plant(from, 'manifests/index.ts', !top);
    plant(from, 'manifests/some.ts', true);
    plant('manifests', fileIn(from), !(from.startsWith('model/') || from.endsWith('.ts')));
  }
  for (const mock of MOCKS) {
    for (const to of ROOMS) plant(mock, fileIn(to), !to.startsWith('model/'));
    plant(mock, `${MOCKS.find((other) => other !== mock)}/index.ts`, true);
    plant(mock, 'manifests/index.ts', true);
    plant('manifests', `${mock}/index.ts`, true);
  }
  for (const [room, allowed] of Object.entries(MOCK_ROOMS)) {
    const from = `controller-mock/${room}`;
    for (const to of Object.keys(MOCK_ROOMS)) {
      if (room !== to) plant(from, `controller-mock/${to}/some.ts`, !allowed.includes(to));
    }
    for (const to of ['swarm/host', 'model/kube']) plant(from, fileIn(to), !to.startsWith('model/'));
    for (const to of ['worlds/some.ts', 'standard-kinds.ts', 'index.ts']) plant(from, `controller-mock/${to}`, true);
    plant('controller-mock/worlds', `controller-mock/${room}/some.ts`, false);
    plant(from, 'service-mock/index.ts', true);
  }
  plant('controller-mock/worlds', 'controller-mock/standard-kinds.ts', false);
  return arrows;
}

describe('the order of the rooms', () => {
  const arrows = planted();
  let folder: string;
  /** Rule names by file. */
  const found = new Map<string, Set<string>>();

  const write = (file: string, text: string) => {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const importOf = (from: string, to: string, how: 'value' | 'type' | 'dynamic' = 'value') => {
    const path = relative(dirname(from), to);
    const specifier = path.startsWith('.') ? path : `./${path}`;
    if (how === 'dynamic') return `export const load = () => import('${specifier}');\n`;
    return how === 'type' ? `export type { Some } from '${specifier}';\n` : `export { some } from '${specifier}';\n`;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'arrows-'));
    copyFileSync(join(ROOT, 'biome.jsonc'), join(folder, 'biome.jsonc'));
    for (const { file, to } of arrows) write(file, importOf(file, to));
    write('swarm/host/type-only.ts', importOf('swarm/host/type-only.ts', 'swarm/pool/some.ts', 'type'));
    write('swarm/host/dynamic.ts', importOf('swarm/host/dynamic.ts', 'swarm/pool/some.ts', 'dynamic'));
    write('swarm/plan/connections.ts', importOf('swarm/plan/connections.ts', 'swarm/plan/load.ts'));
    write('swarm/host/up.test.ts', importOf('swarm/host/up.test.ts', 'swarm/pool/some.ts'));
    write('swarm/host/testing/up.ts', importOf('swarm/host/testing/up.ts', 'swarm/pool/some.ts'));
    write('model/time/ring-a.ts', `import type { B } from './ring-b.ts';\nexport type A = B | 1;\n`);
    write('model/time/ring-b.ts', `import type { A } from './ring-a.ts';\nexport type B = A | 2;\n`);
    write('model/time/long.ts', `${'export const x = 1;\n'.repeat(401)}`);
    const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
    // Its exit code says that it found errors, which it must.
    const { stdout } = await promisify(execFile)(BIOME, args, { cwd: folder, maxBuffer: 1 << 28 }).catch(
      (failed: { stdout: string }) => failed,
    );
    for (const { category, severity, location } of JSON.parse(stdout).diagnostics) {
      const rules = found.get(location.path) ?? new Set();
      found.set(location.path, rules.add(`${category.split('/').at(-1)} ${severity}`));
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('refuses each arrow up or across, and allows each one down', () => {
    const wrong = arrows.filter(
      ({ file, refused }) => (found.get(file)?.has('noRestrictedImports error') ?? false) !== refused,
    );
    expect(
      wrong.map(({ file, to, refused }) => `${file} → ${to} should be ${refused ? 'refused' : 'allowed'}`),
    ).toEqual([]);
    expect(arrows.filter(({ refused }) => refused).length).toBeGreaterThan(400);
    expect(arrows.filter(({ refused }) => !refused).length).toBeGreaterThan(300);
  });

  it.each([
    'swarm/host/type-only.ts',
    'swarm/host/dynamic.ts',
    'swarm/plan/connections.ts',
  ])('refuses an arrow up in %s', (file) => expect(found.get(file)).toContain('noRestrictedImports error'));

  it.each(['swarm/host/up.test.ts', 'swarm/host/testing/up.ts'])('lets tests join rooms: %s', (file) =>
    expect(found.get(file) ?? new Set()).not.toContain('noRestrictedImports error'));

  it('refuses a circle, also one of types', () => {
    expect(found.get('model/time/ring-a.ts')).toContain('noImportCycles error');
  });

  it('warns of a file above 400 lines', () => {
    expect(found.get('model/time/long.ts')).toContain('noExcessiveLinesPerFile warning');
  });
});
