import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { lackOf } from './needs.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'needs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const NEEDS = JSON.stringify(join(import.meta.dirname, 'needs.ts'));

/** A folder with one file of tests. */
function newProject(tests: string): string {
  const project = mkdtempSync(join(folder, 'project-'));
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  writeFileSync(join(project, 'one.test.ts'), tests);
  return project;
}

/** What the tests of a project print where PATH has nothing at all. */
async function vitest(project: string): Promise<string> {
  const reporters = ['--reporter=default', `--reporter=${join(import.meta.dirname, 'skipped-tests.ts')}`];
  const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', project, ...reporters];
  const { stdout } = await run(process.execPath, args, { cwd: project, env: { PATH: folder, NO_COLOR: '1' } });
  return stdout;
}

describe('what tests need', () => {
  it('is named where PATH does not have it', () => {
    expect(lackOf('sh')).toBeNull();
    expect(lackOf('no-such-tool', 'sh', 'nor-this')).toBe('no no-such-tool, no nor-this on PATH');
  });

  it.runIf(`${process.platform}-${process.arch}` === 'linux-x64')('comes with npm, if it is kubectl', async () => {
    const project = newProject(
      `import { execFileSync } from 'node:child_process';
       import { expect, it } from 'vitest';
       import { findKubectl } from ${NEEDS};
       it('runs', () => {
         const { program, lack } = findKubectl();
         expect(lack).toBeNull();
         expect(execFileSync(program, ['version', '--client'], { encoding: 'utf8' })).toMatch(/^Client Version: v1[.]3/);
       });`,
    );
    expect(await vitest(project)).toMatch(/Tests +1 passed/);
  });
});

describe('skipped tests', () => {
  it('are named with their reasons at the end', async () => {
    const project = newProject(
      `import { expect, it } from 'vitest';
       import { describeUnless, itUnless, lackOf } from ${NEEDS};
       describeUnless(lackOf('no-such-tool'), 'a cluster', {}, () => {
         it('starts', () => expect.unreachable());
         it('stops', () => expect.unreachable());
       });
       itUnless('no disk', 'is full', () => expect.unreachable());
       itUnless(null, 'runs', () => {});`,
    );
    const stdout = await vitest(project);
    expect(stdout).toMatch(/Tests +1 passed \| 3 skipped/);
    expect(stdout).toContain(`2 skipped: no no-such-tool on PATH\n  one.test.ts > a cluster (2)\n`);
    expect(stdout).toContain(`1 skipped: no disk\n  one.test.ts > is full (1)\n`);
  });
});
