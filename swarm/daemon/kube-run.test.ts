/** Runs whose clusters are made of custom resources, with everything real but the machines' time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type KubeMock, seedHub, startKubeMock } from '../../controller-mock/index.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { conditionOf, type KubeObject } from '../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { plannedManifests } from './manifest-source.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';
import type { RunParts } from './run-parts.ts';

let folder: string;
/** Outlives the run, so that what it left can be seen. */
let hub: KubeMock;
let client: KubeClient;
let parts: RunParts;
/** Slow enough for a busy machine: hosts that are silent for three simulated minutes count as lost. */
const SPEED = 30;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-kube-'));
  const real = realParts({ directory: folder, warn: () => {} });
  parts = {
    ...real,
    startEmbeddedHub: async (clock) => {
      hub = await startKubeMock({ clock: new ScaledClock(clock), tls: false, world: seedHub });
      client = new KubeClient({
        kubeconfig: loadKubeconfig({ text: hub.kubeconfig }),
        clock: new ScaledClock(startClock(1)),
      });
      const died = new Promise<string>(() => {});
      return { kubeconfig: hub.kubeconfig, pid: process.pid, died, stop: async () => {}, kill: () => {} };
    },
  };
});
afterEach(async () => {
  await client?.close();
  await hub?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(plan: object, look: (event: RunEvent) => void = () => {}) {
  const parsed = parsePlan(
    {
      name: 'kube',
      seed: 'kube',
      api: 'kube',
      clock_speed: SPEED,
      spoke_profile: 'quick',
      boot_spread: '10s',
      ...plan,
    },
    'plan',
  );
  const one = new Run({ id: 'run', plan: plannedManifests(expandPlan(parsed)).plan, parts, workers: 1 });
  const phases: string[] = [];
  one.events.listen((event) => {
    if (event.type === 'cluster.phase') phases.push(event.phase);
    look(event);
  });
  return { summary: await one.execute(), phases };
}

const MADE: readonly KubeResource[] = [
  RESOURCES.namespaces,
  RESOURCES.secrets,
  RESOURCES.clusterImageSets,
  RESOURCES.clusterDeployments,
  RESOURCES.agentClusterInstalls,
  RESOURCES.infraEnvs,
  RESOURCES.nmStateConfigs,
  RESOURCES.bareMetalHosts,
];

/** Everything with a run's label, and all Agents. */
async function left(): Promise<string[]> {
  const labelled = await Promise.all(MADE.map((resource) => client.list(resource, { labelSelector: RUN_LABEL })));
  const agents = await client.list(RESOURCES.agents);
  return [...labelled, agents].flatMap(({ items }) => items.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
}

it('make a single node of custom resources, install it and leave nothing', async () => {
  let seen: Promise<KubeObject[][]> | null = null;
  const { summary, phases } = await run({ clusters: [{ topology: 'sno' }] }, (event) => {
    if (event.type !== 'cluster.phase' || event.phase !== 'installed') return;
    seen = Promise.all(
      [RESOURCES.agentClusterInstalls, RESOURCES.agents].map(async (resource) => (await client.list(resource)).items),
    );
  });
  expect(summary.reasons).toEqual([]);
  expect(summary.verdict).toBe('passed');
  expect(phases).toEqual([
    'creating',
    'discovering',
    'preparing',
    'installing',
    'finalizing',
    'installed',
    'complete',
    'deleted',
  ]);
  const [installs = [], agents = []] = (await seen!) as KubeObject[][];
  expect(conditionOf(installs[0]!, 'Completed')).toMatchObject({ status: 'True', reason: 'InstallationCompleted' });
  expect(agents).toHaveLength(1);
  expect(agents[0]!.spec).toMatchObject({ approved: true, installation_disk_id: expect.stringContaining('/dev/') });
  expect(await left()).toEqual([]);
  // One request an object, and none a look.
  const looks = summary.hub!.rows.filter(({ verb }) => verb === 'get' || verb === 'list');
  expect(looks.reduce((sum, { count }) => sum + count, 0)).toBeLessThan(20);
}, 240_000);
