import { startServiceMock } from '../../service-mock/index.ts';
import { createServiceClient } from '../service/service-client.ts';
import { RestAdapter } from './rest.ts';
import { adapterTests } from './testing/adapter.shared-tests.ts';
import { FlakyProxy } from './testing/flaky-proxy.ts';

const API = '/api/assisted-install';

adapterTests(
  'REST',
  'rest',
  async ({ clock, runtime, ledger }) => {
    const service = await startServiceMock({ clock });
    const proxy = await FlakyProxy.start(service.url);
    const client = createServiceClient({ runtime, kind: 'user', baseUrl: proxy.url, token: null, machine: 9_999 });
    const adapter = new RestAdapter({
      client,
      plan: {
        openshiftVersion: '4.20',
        releaseImage: null,
        pullSecret: '{"auths":{"registry.example.com":{"auth":"dXNlcjpwYXNz"}}}',
        sshPublicKey: '',
      },
      access: { baseUrl: service.url, token: '', pollIntervalSeconds: null },
      staticNetwork: () => [],
      ledger,
    });
    return {
      adapter,
      proxy,
      standing: async () => {
        const lists = await Promise.all(
          ['clusters', 'infra-envs'].map(async (kind) => {
            const rows = (await (await fetch(`${service.url}${API}/v2/${kind}`)).json()) as { name: string }[];
            return rows.map(({ name }) => `${kind} ${name}`);
          }),
        );
        return lists.flat();
      },
      close: async () => {
        client.release();
        await proxy.close();
        await service.close();
      },
    };
  },
  [
    { name: 'and grows', topology: { controlPlanes: 1, day2Workers: 1 }, more: {} },
    { name: 'as far as an infra-env alone goes', topology: { controlPlanes: 1 }, more: { justInfraEnv: true } },
  ],
);
