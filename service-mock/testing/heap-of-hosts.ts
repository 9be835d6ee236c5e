/**
 * Bytes of heap of a further host that was discovered and waits, written to standard output. A program of its own, as it needs a garbage
 * collection (`--expose-gc`) and a heap that nothing else is in.
 */
import { buildHost } from '../../swarm/host/build-host.ts';
import type { Host } from '../../swarm/host/host.ts';
import { expandPlan } from '../../swarm/plan/expand.ts';
import { parsePlan } from '../../swarm/plan/load.ts';
import { ANSWERS, Site } from './test-site.ts';

const [FEW, MANY] = [200, 2200];

const heap = () => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const CLUSTER = { topology: { control_planes: 3, workers: 97 }, just_infraenv: true, profile: 'sno-small' };

const { clusters } = expandPlan(
  parsePlan({ name: 'waiting', seed: 'waiting', clusters: [{ ...CLUSTER, amount: MANY / 100 }] }, 'waiting.yaml'),
);
const site = new Site();
const infraEnvId = site.infraEnv();

function* hostsOf(plans: typeof clusters): Generator<Host> {
  for (const cluster of plans) for (const plan of cluster.hosts) yield buildHost('waiting', cluster, plan);
}

async function discover(plans: typeof clusters): Promise<number> {
  for (const host of hostsOf(plans)) {
    const machine = { id: host.identity.id, infraEnvId, index: 1, network: '10.0.0', inventory: () => {}, answers: {} };
    site.register(machine);
    for (const step of site.instructions(machine).steps) {
      const isInventory = step.step_type === 'inventory';
      const output = isInventory ? host.inventory() : JSON.stringify(ANSWERS[step.step_type]?.(step, machine));
      // As out of a request: a text that nobody else holds.
      site.reply(machine, step.step_type, Buffer.from(output).toString());
    }
  }
  await site.clock.advance(60_000);
  // A pass of the monitor goes on in later turns of the event loop.
  for (let turns = 0; turns < 200; turns++) await new Promise(setImmediate);
  const states = Array.from(site.service.listInfraEnvHosts(infraEnvId), ({ status }) => status);
  const waiting = states.filter((status) => status === 'known-unbound').length;
  if (waiting !== states.length) throw new Error(`only ${waiting} of ${states.length} hosts wait`);
  return heap();
}

const before = await discover(clusters.slice(0, FEW / 100));
const after = await discover(clusters.slice(FEW / 100));
site.service.stop();
process.stdout.write(`${Math.round((after - before) / (MANY - FEW))}\n`);
