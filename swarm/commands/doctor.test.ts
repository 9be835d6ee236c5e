/** `swarm doctor` as it is typed. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../main.ts');
const folder = mkdtempSync(join(tmpdir(), 'swarm-doctor-'));
afterAll(() => rmSync(folder, { recursive: true }));

const plan = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

/** @param files limit of open files */
function doctor(args: string[], files = 4096): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = `ulimit -n ${files} && exec "$0" "$@"`;
  return new Promise((resolve) => {
    execFile('sh', ['-c', command, process.execPath, MAIN, 'doctor', ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

describe('swarm doctor', () => {
  it('tells what there is without a plan', async () => {
    const { code, stdout } = await doctor([]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok +open files +4,096$/m);
    expect(stdout).toMatch(/processors/);
  });

  it('says what a plan needs that is not there, and what mends it', async () => {
    const small = plan('small.yaml', 'clusters: [{topology: sno, amount: 3}]\n');
    const large = plan('large.yaml', 'clusters: [{topology: sno, just_infraenv: true, amount: 5000}]\n');
    const enough = await doctor([small]);
    expect(enough.stdout).toMatch(/^ok +open files +\d+ +4,096$/m);
    expect(enough.code).toBe(0);
    const short = await doctor([large]);
    expect(short.code).toBe(1);
    expect(short.stdout).toMatch(/^SHORT +open files +[\d,]+ +4,096$/m);
    const limit = Number(/^ {2}ulimit -n (\d+) /m.exec(short.stdout)![1]);
    expect(limit).toBeGreaterThan(4096);
  });

  it('says once that a large plan takes a while, beside its output', async () => {
    const huge = plan(
      'huge.yaml',
      'clusters: [{topology: {control_planes: 3, workers: 497}, just_infraenv: true, amount: 100}]\n',
    );
    const { stdout, stderr } = await doctor([huge]);
    expect(stderr).toBe('working out 100 clusters with 50,000 hosts, which takes a while\n');
    expect(stdout).toMatch(/^ +needs +there is$/m);
    expect(stdout).not.toContain('takes a while');
  });

  it('prints JSON', async () => {
    const { code, stdout } = await doctor(['--json', '--service', 'http://127.0.0.1:9']);
    expect(code).toBe(1);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; verdict: string }[] };
    expect(checks.find(({ verdict }) => verdict === 'short')).toMatchObject({ name: 'http://127.0.0.1:9: connection' });
  });

  it('refuses what is no plan and no address', async () => {
    const broken = await doctor([plan('broken.yaml', 'clusters: 3\n')]);
    expect(broken.code).toBe(2);
    expect(broken.stderr).toContain('broken.yaml:1');
    const address = await doctor(['--service', 'assisted']);
    expect(address.code).toBe(2);
    expect(address.stderr).toContain('assisted');
  });
});
