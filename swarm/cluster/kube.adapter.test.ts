import { seedHub, startKubeMock } from '../../controller-mock/index.ts';
import {
  clusterValues,
  ManifestRenderer,
  manifestObjects,
  manifestValues,
  runValues,
  TemplateSet,
} from '../../manifests/index.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { startServiceMock } from '../../service-mock/index.ts';
import { hostFacts } from '../daemon/manifest-hosts.ts';
import { ServedSpokes, spokeHostOf } from '../daemon/served-spokes.ts';
import { buildHost } from '../host/build-host.ts';
import { fetchDiscoveryIgnition } from '../service/discovery-ignition.ts';
import { HubObjects } from './hub-objects.ts';
import { HubView } from './hub-view.ts';
import { KubeAdapter } from './kube.ts';
import { RUN_KINDS } from './run-removal.ts';
import { adapterTests } from './testing/adapter.shared-tests.ts';
import { FlakyProxy } from './testing/flaky-proxy.ts';

const RELEASE = 'registry.example.com/openshift-release/ocp-release:4.20.8-x86_64';
const run = 'shared-run';

adapterTests(
  'custom resources',
  'kube',
  async ({ clock, runtime, ledger, seed }) => {
    const hub = await startKubeMock({ clock, tls: false, world: seedHub });
    const service = await startServiceMock({ clock, kube: { kubeconfig: hub.kubeconfig } });
    const proxy = await FlakyProxy.start(hub.url);
    const direct = new KubeClient({ kubeconfig: loadKubeconfig({ text: hub.kubeconfig }), clock });
    const kubeconfig = loadKubeconfig({ text: hub.kubeconfig.replaceAll(hub.url, proxy.url) });
    const client = new KubeClient({ kubeconfig, clock });
    const values = runValues(
      { name: run, seed, clusters: 1 },
      manifestValues(
        { image_set_per_cluster: true },
        {
          pullSecret: '{"auths":{"registry.example.com":{"auth":"dXNlcjpwYXNz"}}}',
          sshPublicKey: '',
          releaseImage: RELEASE,
        },
      ),
    );
    const renderer = new ManifestRenderer(new TemplateSet(), values);
    const view = new HubView({ client, clock, run });
    const spokes = await ServedSpokes.start({ clock, profile: 'quick' });
    const adapter = new KubeAdapter({
      objects: new HubObjects({ client, clock, ledger, run }),
      view,
      run,
      manifestsOf: (cluster) => manifestObjects(renderer.cluster(clusterValues(values, cluster, hostFacts(seed)))),
      sharedManifests: () => manifestObjects(renderer.once()),
      download: (url, signal) => fetchDiscoveryIgnition(url, { runtime, machine: 0, signal }),
      openSpoke: (cluster) =>
        spokes.open(
          cluster,
          cluster.hosts.map((host) => spokeHostOf(buildHost(seed, cluster, host))),
          'service',
        ),
      shutSpoke: (cluster) => spokes.shut(cluster.name),
      pollIntervalSeconds: null,
    });
    return {
      adapter,
      proxy,
      apply: (event) => {
        if (event.type === 'host.phase' && event.phase === 'rebooted') spokes.hostRebooted(event.id);
      },
      standing: async () => {
        const lists = await Promise.all(
          RUN_KINDS.map((resource) => direct.list(resource, { labelSelector: RUN_LABEL })),
        );
        return lists.flatMap(({ items }) => items.map(({ kind, metadata: { name } }) => `${kind} ${name}`));
      },
      close: async () => {
        await spokes.close();
        await view.stop();
        await client.close();
        await direct.close();
        await proxy.close();
        await service.close();
        await hub.close();
      },
    };
  },
  [
    { name: 'and grows', topology: { controlPlanes: 1, day2Workers: 1 }, more: {} },
    { name: 'as far as an InfraEnv alone goes', topology: { controlPlanes: 1 }, more: { justInfraEnv: true } },
    { name: 'with late binding', topology: { controlPlanes: 1 }, more: { flow: { lateBinding: true } } },
    {
      name: 'once its hold is taken off',
      topology: { controlPlanes: 1 },
      more: { flow: { holdInstallation: true }, withNmstate: true },
    },
  ],
);
