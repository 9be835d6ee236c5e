/**
 * Bytes of memory that a further life of a cluster leaves behind (made, its host discovered, removed with its infra-env), on the heap and
 * outside it, written to standard output. A program of its own, as it needs garbage collections (`--expose-gc`) and a heap that nothing
 * else is in.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Site } from './test-site.ts';

/** What the first of them leave is compiled code, and most of it is dropped again. */
const [WARM, MEASURED] = [900, 700];
/** Simulated. */
const LIFE_MINUTES = 2;

const site = new Site();

async function live(amount: number): Promise<number> {
  for (let n = 0; n < amount; n++) {
    const cluster = site.cluster();
    const infraEnv = site.infraEnv(cluster);
    const machine = site.machine(infraEnv);
    site.register(machine);
    await site.live(LIFE_MINUTES, [machine]);
    site.service.deleteCluster(cluster);
    site.service.deleteInfraEnv(infraEnv);
    site.machines.length = 0;
  }
  // Compressors are threads of their own, and buffers go only after their owners.
  for (let turns = 0; turns < 5; turns++) {
    await sleep(50);
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = await live(WARM);
const after = await live(MEASURED);
// The events of all of them can still be asked for.
const { total } = site.service.listEvents({ limit: 0, categories: ['user'] });
if (total < (WARM + MEASURED) * 5) throw new Error(`${total} events of all lives are too few`);
site.service.stop();
process.stdout.write(`${Math.round((after - before) / MEASURED)}\n`);
