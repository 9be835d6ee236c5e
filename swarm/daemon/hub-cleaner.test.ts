import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { seedHub, startKubeMock } from '../../controller-mock/index.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { HubObjects } from '../cluster/hub-objects.ts';
import { Ledger } from '../telemetry/ledger.ts';
import { cleanHub } from './hub-cleaner.ts';

it('says how BareMetalHosts go whose operator is gone', async () => {
  const mock = await startKubeMock({ tls: false, world: seedHub });
  const clock = new ScaledClock(startClock(1));
  const client = new KubeClient({ kubeconfig: loadKubeconfig({ text: mock.kubeconfig }), clock });
  const folder = mkdtempSync(join(tmpdir(), 'swarm-clean-'));
  onTestFinished(async () => {
    rmSync(folder, { recursive: true });
    await client.close();
    await mock.close();
  });
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, mock.kubeconfig);
  const ledger = new Ledger({ sink: () => {}, onFailure: (error) => expect.unreachable(error.message) });
  const objects = new HubObjects({ client, clock, ledger, run: 'mine' });
  const { signal } = new AbortController();
  await objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'one' } }, signal);
  await objects.apply(
    {
      apiVersion: 'metal3.io/v1alpha1',
      kind: 'BareMetalHost',
      metadata: { name: 'host', namespace: 'one', finalizers: ['baremetalhost.metal3.io'] },
      spec: { online: true },
    },
    signal,
  );

  const { left } = await cleanHub(
    {
      hub: { server: client.server, kubeconfig, context: null, label: 'mine' },
      chosen: true,
      entries: ledger.open().map((entry) => ({ run: 'run', entry })),
      lastWordAt: 0,
      removalLimitMs: 200,
    },
    signal,
    () => {},
  );
  expect(left.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual([
    'BareMetalHost is not gone after 0.2 s; it waits for baremetalhost.metal3.io; the operator of BareMetalHosts takes that off: ' +
      'where there is none any more, use swarm manifests delete --run mine --strip-finalizers',
    'Namespace is left as it is, because BareMetalHost one/host is not gone',
  ]);
});
