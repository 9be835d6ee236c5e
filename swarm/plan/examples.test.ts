import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describePlan } from './describe.ts';
import { expandPlan } from './expand.ts';
import { loadPlan } from './load.ts';

const folder = fileURLToPath(new URL('../../examples/', import.meta.url));
const load = (...names: string[]) => loadPlan(names.map((name) => `${folder}${name}`));
/** Files that are given together with another one. */
const PARTS: Record<string, string[]> = {
  'testplan.yaml': ['testplan.yaml', 'service_config.yaml'],
  'service_config.yaml': [],
  'manifests-values.yaml': [],
};

test.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))('%s loads without warnings', (name) => {
  const files = PARTS[name] ?? [name];
  if (files.length === 0) return;
  const plan = load(...files);
  expect(plan.warnings).toEqual([]);
  expect(expandPlan(plan).hostCount).toBeGreaterThan(0);
});

test('the demo is about 120 hosts of every topology, in compressed time', () => {
  const description = describePlan(load('demo.yaml'));
  expect(description.totals.hosts).toBeGreaterThanOrEqual(105);
  expect(description.totals.hosts).toBeLessThanOrEqual(135);
  expect(description).toMatchObject({
    service: 'embedded',
    clockSpeed: 40,
    totals: { day2Hosts: 1, infraEnvsOnly: 1 },
  });
  expect(description.topologies.map((entry) => `${entry.topology} ${entry.platform}`).sort()).toEqual(
    [
      '2+1 arbiter baremetal',
      '3+2 baremetal',
      '3+2 none',
      '3+2, 1 on day 2 baremetal',
      '5+2 baremetal',
      'SNO none',
      'compact baremetal',
      'compact baremetal',
    ].sort(),
  );
});

test('the plan of custom resources has every way in which clusters get their hosts', () => {
  const { clusters, hub } = expandPlan(load('kube-demo.yaml'));
  expect(hub?.kubeconfig).toBe('embedded');
  expect(clusters.every(({ api }) => api === 'kube')).toBe(true);
  const count = (is: (cluster: (typeof clusters)[number]) => boolean) => clusters.filter(is).length;
  expect(count(({ flow, controlPlanes }) => flow.bmh === true && controlPlanes === 1)).toBe(20);
  expect(count(({ flow, workers }) => !flow.bmh && workers === 2)).toBe(5);
  expect(count(({ justInfraEnv }) => justInfraEnv)).toBe(2);
  expect(count(({ flow }) => flow.lateBinding === true)).toBe(1);
  expect(count(({ flow }) => flow.holdInstallation === true)).toBe(1);
  expect(count(({ day2Workers }) => day2Workers > 0)).toBe(1);
  expect(count(({ withNmstate }) => withNmstate)).toBe(7);
});

test('the steady plan is 20,000 hosts that fit the ports of its addresses', () => {
  const description = describePlan(load('steady-20000.yaml'));
  expect(description.totals).toMatchObject({ clusters: 0, hosts: 20_000 });
  expect(description.load).toMatchObject({ pollIntervalSeconds: 60, getsPerMinute: 20_000 });
  expect(description.notes).toEqual([]);
});

test('the plan for a real service is 20 single nodes, 5 of 3+2 and one compact cluster', () => {
  const { service, clusters } = expandPlan(load('real-service.yaml'));
  expect(service.url).toBe('http://127.0.0.1:8090');
  const kinds = clusters.map((cluster) => `${cluster.controlPlanes}+${cluster.workers} ${cluster.platform}`);
  expect(
    Object.fromEntries(Object.entries(Object.groupBy(kinds, (kind) => kind)).map(([kind, all]) => [kind, all!.length])),
  ).toEqual({
    '1+0 none': 20,
    '3+2 baremetal': 5,
    '3+0 baremetal': 1,
  });
});
