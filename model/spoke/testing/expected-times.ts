/** The clusters of the shared tests, and when they get where: by arithmetic alone. */
import { type Span, spanMs } from '../../time/span.ts';
import { drawsOf } from '../draws.ts';
import { type HostDuration, SPOKE_PROFILES } from '../profiles.ts';
import type { SpokeTopology } from '../stages.ts';

/** A host of a test, by a name that says its role: m-0, a-0, w-0. */
export interface TestHost {
  name: string;
  role: 'master' | 'arbiter' | 'worker';
  bootstrap: boolean;
  day2: boolean;
}

export const TEST_SPOKE = 'shared';
export const TEST_VERSION = '4.18.52';
export const TEST_OLM_OPERATOR = 'lvms-operator';

export const PROFILE = SPOKE_PROFILES.quick;
const HOST_DURATIONS: ReadonlySet<string> = new Set<HostDuration>(['boot', 'nodeJoin', 'nodeReady']);
const DRAWS = drawsOf(TEST_SPOKE);

/** The numbers that the test expects for a host, and for the cluster from any host. */
export function testRandom(host: string, purpose: string): number {
  const name = purpose.replace('spoke/', '');
  if (name === `csv/${TEST_OLM_OPERATOR}`) return DRAWS.random(`${purpose}.v${TEST_VERSION}`, 0);
  return DRAWS.random(HOST_DURATIONS.has(name) ? `${host}/${purpose}` : purpose, 0);
}

export function hostsOf({ controlPlanes, arbiters, workers }: SpokeTopology): TestHost[] {
  const hosts: TestHost[] = [];
  const add = (role: TestHost['role'], count: number) => {
    for (let n = 0; n < count; n++) {
      hosts.push({ name: `${role[0]}-${n}`, role, bootstrap: role === 'master' && n === 0, day2: false });
    }
  };
  add('master', controlPlanes);
  add('arbiter', arbiters);
  add('worker', workers);
  return hosts;
}

export const TOPOLOGIES = {
  'a single node': { controlPlanes: 1, arbiters: 0, workers: 0 },
  'a single node with a worker': { controlPlanes: 1, arbiters: 0, workers: 1 },
  'a compact cluster': { controlPlanes: 3, arbiters: 0, workers: 0 },
  'three masters and two workers': { controlPlanes: 3, arbiters: 0, workers: 2 },
  'two masters, an arbiter and three workers': { controlPlanes: 2, arbiters: 1, workers: 3 },
} as const;
export const LARGE = TOPOLOGIES['three masters and two workers'];

/** Simulated milliseconds since the reboot of all hosts at which a healthy cluster gets to its facts: by arithmetic alone. */
export function expectedTimes(topology: SpokeTopology, hosts: readonly TestHost[]): Map<string, number> {
  const times = new Map<string, number>();
  const took = (span: Span, purpose: string, host = '') => spanMs(span, testRandom(host, `spoke/${purpose}`));
  const single = topology.controlPlanes === 1;
  const ready = new Map<TestHost, number>();
  for (const host of hosts) {
    const step = (name: 'boot' | 'nodeJoin' | 'nodeReady') => took(PROFILE.host[name], name, host.name);
    const booted = step('boot');
    if (!single || host.role !== 'master') times.set(`${host.name} ignition`, booted);
    const joined = booted + step('nodeJoin');
    times.set(`${host.name} joined`, joined);
    ready.set(host, joined + step('nodeReady'));
    times.set(`${host.name} ready`, ready.get(host)!);
  }
  const nth = (n: number, which: (host: TestHost) => boolean) =>
    hosts
      .filter(which)
      .map((host) => ready.get(host)!)
      .sort((a, b) => a - b)[n - 1]!;
  const own = ({ role, bootstrap }: TestHost) => role === 'master' && (single || !bootstrap);
  const later = (start: number, name: keyof typeof PROFILE.cluster) => start + took(PROFILE.cluster[name], name);
  times.set('controller', later(nth(1, own), 'controllerStart'));
  if (!single) {
    // A single node ends its bootkube before it reboots, and so before what is timed here.
    const bootkube = later(nth(Math.min(2, topology.controlPlanes - 1), own), 'bootkube');
    times.set('machine configs', later(later(bootkube, 'etcdBootstrap'), 'machineConfigs'));
  }
  const { workers, controlPlanes } = topology;
  const routers =
    workers > 0
      ? nth(Math.min(2, workers), ({ role }) => role === 'worker')
      : nth(Math.min(2, controlPlanes), ({ role }) => role === 'master');
  times.set('ingress certificate', later(routers, 'ingressCertificate'));
  times.set('console available', routers + took(PROFILE.operators.console.at(-1)!.after, 'operator/console'));
  times.set('cvo available', routers + took(PROFILE.operators.cvo.at(-1)!.after, 'operator/cvo'));
  for (const { phase, after: span } of PROFILE.csv) {
    times.set(`csv ${phase}`, routers + took(span, `csv/${TEST_OLM_OPERATOR}`));
  }
  return times;
}
