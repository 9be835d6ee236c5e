/** The user of a run: speaks REST to the service, custom resources to the hub, or both. */
import { planAccess } from '../cluster/hint.ts';
import type { KubeAdapter } from '../cluster/kube.ts';
import { RestAdapter } from '../cluster/rest.ts';
import { staticNetworkConfig } from '../cluster/static-network.ts';
import { buildHost } from '../host/build-host.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { DivergenceProbe } from './divergence-probe.ts';
import type { RunUser, UserOptions, UserSide } from './run-parts.ts';
import { startReaders } from './run-readers.ts';
import { createUserClient, USER_CONNECTIONS } from './user-client.ts';

/** Connects to nothing yet. @throws Error when a kubeconfig, certificate or template cannot be read. */
export async function createRunUser(options: UserOptions): Promise<RunUser> {
  const rest = options.baseUrl === '' ? null : restSide(options);
  // What it needs is most of the program, and nothing to runs without a hub.
  const kube = options.hub === null ? null : (await import('./hub-user.ts')).createHubUser(options);
  const comparison = options.baseUrl !== '' && kube ? compare(options, kube.adapter) : null;
  return {
    adapterOf: (api) => {
      const side = api === 'kube' ? kube : rest;
      if (!side) throw new Error(`the plan has clusters made by ${api} and nothing to make them on`);
      return side.adapter;
    },
    attend: async (machines) => {
      comparison?.probe.start();
      return kube?.attend(machines) ?? machines;
    },
    read: (targets) => startReaders(options, targets),
    apply: (event) => kube?.apply(event),
    removeShared: async (signal) => kube?.adapter.removeShared(signal),
    close: async () => {
      await comparison?.close();
      await Promise.all([rest?.close(), kube?.close()]);
    },
  };
}

/** Has telemetry of its own: its requests are none of the load. */
function compare({ plan, baseUrl, clock, divergence }: UserOptions, adapter: KubeAdapter) {
  const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
  const { client, close } = createUserClient({
    baseUrl,
    tls: plan.service.tls,
    authorization: plan.service.userAuthorization,
    clock,
    telemetry: new SharedTelemetry(buffer, 0),
  });
  const probe = new DivergenceProbe({ client, clock, divergence, hostOf: (turn) => adapter.repeatedState(turn) });
  return {
    probe,
    close: async () => {
      await probe.stop();
      await close();
    },
  };
}

function restSide({ plan, baseUrl, clock, telemetry, ledger }: UserOptions): UserSide<RestAdapter> {
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
    userAccess: planAccess(plan.service.userAuthorization),
    access: { baseUrl, token: plan.service.agentToken, pollIntervalSeconds: plan.pollIntervalSeconds },
    boot: plan.boot,
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
