/** The user of a run: speaks REST to the service, custom resources to the hub, or both. */
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { HubObjects } from '../cluster/hub-objects.ts';
import { HubView } from '../cluster/hub-view.ts';
import { KubeAdapter } from '../cluster/kube.ts';
import { RestAdapter } from '../cluster/rest.ts';
import { staticNetworkConfig } from '../cluster/static-network.ts';
import { buildHost } from '../host/build-host.ts';
import { fetchDiscoveryIgnition } from '../service/discovery-ignition.ts';
import { manifestSource, plannedManifests } from './manifest-source.ts';
import type { RunUser, UserOptions } from './run-parts.ts';
import { createUserClient, createUserRuntime, USER_CONNECTIONS, USER_MACHINE } from './user-client.ts';

/** One side of a user. */
interface Side<Adapter> {
  adapter: Adapter;
  close(): Promise<void>;
}

/** Connects to nothing yet. @throws Error when a kubeconfig, certificate or template cannot be read. */
export function createRunUser(options: UserOptions): RunUser {
  const rest = options.baseUrl === '' ? null : restSide(options);
  const kube = options.hub === null ? null : kubeSide(options);
  return {
    adapterOf: (api) => {
      const side = api === 'kube' ? kube : rest;
      if (!side) throw new Error(`the plan has clusters made by ${api} and nothing to make them on`);
      return side.adapter;
    },
    removeShared: async (signal) => kube?.adapter.removeShared(signal),
    close: async () => {
      await Promise.all([rest?.close(), kube?.close()]);
    },
  };
}

function restSide({ plan, baseUrl, clock, telemetry, ledger }: UserOptions): Side<RestAdapter> {
  const { client, close } = createUserClient({
    baseUrl,
    tls: plan.service.tls,
    authorization: plan.service.userAuthorization,
    clock,
    telemetry,
  });
  const adapter = new RestAdapter({
    client,
    plan,
    access: { baseUrl, token: plan.service.agentToken, pollIntervalSeconds: plan.pollIntervalSeconds },
    ledger,
    staticNetwork: (cluster) =>
      staticNetworkConfig(
        cluster,
        cluster.hosts.map((host) => buildHost(plan.seed, cluster, host)),
      ),
    concurrency: USER_CONNECTIONS,
  });
  return { adapter, close };
}

function kubeSide({ plan, hub, clock, telemetry, hubRequests, ledger }: UserOptions): Side<KubeAdapter> {
  const runtime = createUserRuntime({ tls: plan.service.tls, clock, telemetry });
  const client = new KubeClient({
    kubeconfig: loadKubeconfig(hub!),
    clock,
    connections: USER_CONNECTIONS,
    onCall: (call) => hubRequests.record(call),
  });
  const source = manifestSource(plan, plannedManifests(plan).values);
  const { run } = source;
  const view = new HubView({ client, clock, run });
  const adapter = new KubeAdapter({
    ...source,
    objects: new HubObjects({ client, clock, ledger, run }),
    view,
    download: (url, signal) => fetchDiscoveryIgnition(url, { runtime, machine: USER_MACHINE, signal }),
    pollIntervalSeconds: plan.pollIntervalSeconds,
  });
  return {
    adapter,
    close: async () => {
      await view.stop();
      await client.close();
      await runtime.transport.close();
    },
  };
}
