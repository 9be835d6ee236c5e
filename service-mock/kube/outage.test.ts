import { afterEach, describe, expect, it } from 'vitest';
import { seedHub, startKubeMock } from '../../controller-mock/index.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { type ServiceMock, startServiceMock } from '../index.ts';
import { HubSite, namespaceOf, poolOf, pullSecretOf } from './testing/hub-site.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A service whose problems are listened to. */
async function serve(kubeconfig: string): Promise<{ service: ServiceMock; problems: string[] }> {
  const problems: string[] = [];
  const service = await startServiceMock({
    clock: new ScaledClock(startClock(60)),
    kube: { kubeconfig },
    onProblem: (message) => problems.push(message),
  });
  ends.push(() => service.close());
  return { service, problems };
}
const answers = async ({ url }: ServiceMock) => (await fetch(`${url}/health`)).status;

describe('a service whose hub', () => {
  it('is away serves REST, and says so once', { timeout: 60_000 }, async () => {
    const mock = await startKubeMock({ tls: false });
    await mock.close();
    const { service, problems } = await serve(mock.kubeconfig);
    await expect.poll(() => problems.length, { timeout: 20_000 }).toBe(1);
    expect(problems[0]).toContain(`the hub ${mock.url} cannot be worked with: `);
    expect(problems[0]).toContain('trying again');
    expect(await answers(service)).toBe(200);
    // It tries again and again; that is not told.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(problems).toHaveLength(1);
  });

  it('lacks the CustomResourceDefinitions names them', { timeout: 60_000 }, async () => {
    const mock = await startKubeMock({ tls: false });
    ends.push(() => mock.close());
    const { service, problems } = await serve(mock.kubeconfig);
    await expect.poll(() => problems.length, { timeout: 20_000 }).toBe(1);
    expect(problems[0]).toContain('it does not serve infraenvs.agent-install.openshift.io');
    expect(problems[0]).toContain('install the CustomResourceDefinitions');
    expect(await answers(service)).toBe(200);
  });

  it('ends its watches works on', { timeout: 60_000 }, async () => {
    const site = await HubSite.start();
    ends.push(() => site.close());
    await site.apply(namespaceOf('before'), pullSecretOf('before'), poolOf('before'));
    await site.infraEnvId('before');
    for (const kind of ['agent-install.openshift.io/infraenvs', '/secrets']) site.mock.handler.endWatches(kind);
    await site.apply(namespaceOf('after'), pullSecretOf('after'), poolOf('after'));
    await site.infraEnvId('after');
    await site.client.delete(RESOURCES.infraEnvs, 'before', 'before');
    await site.gone(RESOURCES.infraEnvs, 'before', 'before');
  });

  it('goes away and comes back says both, and works on', { timeout: 60_000 }, async () => {
    const hub = { world: seedHub, tls: false, token: 'secret' };
    const first = await startKubeMock(hub);
    const { problems } = await serve(first.kubeconfig);
    const client = new KubeClient({
      kubeconfig: loadKubeconfig({ text: first.kubeconfig }),
      clock: new ScaledClock(startClock(60)),
    });
    ends.push(() => client.close());
    const isHeld = async (name: string) => {
      const object = { ...poolOf(name), metadata: { name, namespace: 'default' } };
      await client.create(RESOURCES.infraEnvs, object);
      await expect
        .poll(async () => (await client.get(RESOURCES.infraEnvs, 'default', name)).metadata.finalizers, {
          timeout: 20_000,
        })
        .toBeDefined();
    };
    await isHeld('before');
    expect(problems).toEqual([]);
    await first.close();
    await expect.poll(() => problems.length, { timeout: 20_000 }).toBe(1);
    expect(problems[0]).toMatch(/^the hub \S+ no longer tells of /);
    const second = await startKubeMock({ ...hub, port: first.port });
    ends.push(() => second.close());
    await expect.poll(() => problems.at(-1), { timeout: 40_000 }).toContain('can be worked with again');
    await isHeld('after');
  });
});

it('a kubeconfig that is none is refused', async () => {
  const started = startServiceMock({ clock: startClock(1), kube: { kubeconfig: 'nonsense' } });
  await expect(started).rejects.toThrow('the kubeconfig');
});
