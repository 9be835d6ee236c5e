import { afterEach, describe, expect, it } from 'vitest';
import { items, text } from '../../builtins/fields.ts';
import type { DevWorkspaceWorldOptions } from './devworkspace-world.ts';
import { WorldBench } from './testing/world-bench.ts';
import { RESOURCES } from './world-objects.ts';

const benches: WorldBench[] = [];
afterEach(() => Promise.all(benches.splice(0).map((bench) => bench.close())));

async function start(options: DevWorkspaceWorldOptions = {}): Promise<WorldBench> {
  const bench = await WorldBench.start(options);
  benches.push(bench);
  return bench;
}

describe.each([50, 500])('%i stopped workspaces, and a pass each minute', (count) => {
  it('are backed up once each by a registry that is well', { timeout: 60_000 }, async () => {
    const bench = await start();
    await bench.stoppedWorkspaces(count);
    expect(bench.phases()).toEqual({ Stopped: count });
    bench.arm({});
    await bench.pass(10 * 60);
    expect(bench.counts).toEqual({ jobs: count, pods: count, succeeded: count, failed: 0, workspaces: count });
    expect(bench.listedJobs).toEqual([]);
    expect(bench.world.control.registry.images).toHaveLength(count);
    expect(bench.world.control.backups.passes).toBe(10);
  });
});
