/** A launch on the embedded hub with the embedded service in kube mode: real HTTP, real threads. */
import { afterEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { wallNow } from '../../model/time/clock.ts';
import {
  deploymentOf,
  HubSite,
  imageSetOf,
  infraEnvOf,
  installOf,
  namespaceOf,
  pullSecretOf,
} from '../../service-mock/kube/testing/hub-site.ts';
import type { LaunchEvent } from '../cluster/launch/launch-event.ts';
import { HubLaunch, type HubLaunchOptions } from './hub-launch.ts';

const { agents, agentClusterInstalls, clusterDeployments, infraEnvs } = RESOURCES;

let site: HubSite;
const launches: HubLaunch[] = [];
let events: LaunchEvent[] = [];

async function launch(options: Partial<HubLaunchOptions> = {}): Promise<HubLaunch> {
  events = [];
  const made = new HubLaunch({
    kubeconfig: loadKubeconfig({ text: site.mock.kubeconfig }),
    namespaces: [],
    selector: null,
    seed: 'e2e',
    agents: 0,
    approve: true,
    bmh: false,
    converged: false,
    tls: {},
    spokeProfile: 'quick',
    bootSpreadMs: 2_000,
    pollIntervalSeconds: 5,
    workers: 1,
    emit: (event) => events.push(event),
    clock: { speed: site.clock.speed, originWall: wallNow(), originSimulated: site.clock.now() },
    ...options,
  });
  launches.push(made);
  await made.start();
  return made;
}

afterEach(async () => {
  await Promise.all(launches.splice(0).map((one) => one.stop()));
  await site.close();
});

const agentsIn = async (namespace: string) => (await site.client.list(agents, { namespace })).items;
const namesOf = (objects: readonly KubeObject[]) => objects.map((object) => object.metadata.name).sort();
const eventually = <T>(look: () => T | Promise<T>) => site.eventually(look);
const warnings = () => events.filter(({ type }) => type === 'launch.warning');

/** Everything of a cluster but its hosts. */
async function make(name: string, install: object = {}, infraEnv: object = {}): Promise<void> {
  await site.apply(namespaceOf(name), pullSecretOf(name), imageSetOf('release'));
  await site.apply(deploymentOf(name), installOf(name, install), infraEnvOf(name, infraEnv));
}

const installed = (name: string) =>
  site.condition(agentClusterInstalls, name, name, 'Completed', { reason: 'InstallationCompleted' });

describe('a launch', () => {
  it('takes a single node that somebody else has made to installed, and its hosts go with it', {
    timeout: 90_000,
  }, async () => {
    site = await HubSite.start();
    await make('sno');
    const running = await launch();
    await installed('sno');
    const [agent, ...others] = await agentsIn('sno');
    expect(others).toEqual([]);
    expect(agent).toMatchObject({
      spec: { approved: true, role: 'master' },
      status: { inventory: { hostname: 'sno-master-0' } },
    });
    expect(events.filter(({ type }) => type === 'infra-env.ready')).toMatchObject([
      { infraEnv: 'sno/sno', service: site.service.url },
    ]);
    await site.client.delete(clusterDeployments, 'sno', 'sno');
    await site.gone(clusterDeployments, 'sno', 'sno');
    await site.client.delete(infraEnvs, 'sno', 'sno');
    await site.gone(infraEnvs, 'sno', 'sno');
    await eventually(() => expect(running.state).toMatchObject({ infraEnvs: 0, hosts: 0 }));
    expect(warnings()).toEqual([]);
  });
});
