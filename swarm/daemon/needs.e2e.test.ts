/** What `swarm plan show` says a run needs, beside what a run takes: a real process, its threads, and the embedded service. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { NeedsEstimate } from '../plan/needs.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const SAMPLE_MS = 100;

/** 120 hosts that boot within a minute and wait a little longer than their first connections linger. */
const PLAN = `
name: needs
seed: needs
service: {url: embedded}
clock_speed: 5
boot_spread: 60s
clusters:
  - {topology: sno, just_infraenv: true, amount: 120}
thresholds: {generator_saturation: off, service_outage: off}
`;

it.runIf(existsSync('/proc/self/fd'))(
  'says of a plan what its run takes',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'swarm-needs-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const plan = join(directory, 'plan.yaml');
    writeFileSync(plan, PLAN);
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'plan', 'show', plan, '--json']);
    const { needs } = JSON.parse(stdout) as { needs: NeedsEstimate };

    const run = spawn(
      process.execPath,
      [MAIN, 'run', plan, '--quiet', '--hold', '60s', '--out', join(directory, 'runs')],
      {
        stdio: 'ignore',
      },
    );
    const ended = new Promise<void>((resolve) => run.once('exit', () => resolve()));
    const most = { files: 0, memoryMiB: 0, threads: 0 };
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${run.pid}/status`, 'utf8');
        most.files = Math.max(most.files, readdirSync(`/proc/${run.pid}/fd`).length);
        most.memoryMiB = Math.max(most.memoryMiB, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
        most.threads = Math.max(most.threads, Number(/Threads:\s+(\d+)/.exec(status)?.[1] ?? 0));
      } catch {
        // It has just ended.
      }
    }, SAMPLE_MS);
    await ended;
    clearInterval(timer);

    const within = (stated: number, share: number) => [stated * (1 - share), stated * (1 + share)] as const;
    for (const [stated, used, share] of [
      [needs.fileDescriptors, most.files, 0.25],
      [needs.memoryMiB, most.memoryMiB, 0.3],
      [needs.threads, most.threads, 0.3],
    ] as const) {
      const [least, highest] = within(stated, share);
      expect(used, `${JSON.stringify(needs)} beside ${JSON.stringify(most)}`).toBeGreaterThan(least);
      expect(used, `${JSON.stringify(needs)} beside ${JSON.stringify(most)}`).toBeLessThan(highest);
    }
  },
  180_000,
);
