/** The command as a process: one cheap part of it, and what it says to wrong input. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { BenchResult } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function bench(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args], { cwd: folder });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

it('measures a part in a process of its own, prints JSON, and draws it', { timeout: 120_000 }, async () => {
  const { code, stdout, stderr } = await bench('telemetry', '--quick', '--json', '--plots', 'plots');
  expect(code, stderr).toBe(0);
  const { quick, machine, parts } = JSON.parse(stdout) as BenchResult;
  expect(quick).toBe(true);
  expect(machine).toMatchObject({ node: process.version, processors: expect.any(Number) });
  expect(parts.map(({ name }) => name)).toEqual(['telemetry']);
  const [part] = parts;
  const [recording] = part!.tables!;
  const [client, shared, share] = recording!.rows.map(([, value]) => value as number) as [number, number, number];
  expect(client).toBeGreaterThan(0);
  expect(shared).toBeGreaterThan(0);
  expect(share).toBeCloseTo(shared / client);
  expect(readdirSync(join(folder, 'plots'))).toEqual(['telemetry.svg']);
  expect(readFileSync(join(folder, 'plots/telemetry.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
  // Progress is no part of what is printed.
  expect(stderr).toContain('telemetry: 200000 requests');
});

it('refuses what it does not know', async () => {
  const { code, stdout, stderr } = await bench('memroy');
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain("'memroy' is invalid");
  expect(stderr).toContain('Allowed: transport, memory');
});
