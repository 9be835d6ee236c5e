import { expect, it } from 'vitest';
import { seedHub, startKubeMock } from '../../controller-mock/index.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { buildHost } from '../host/build-host.ts';
import type { Host } from '../host/host.ts';
import { PROFILE_NAMES } from '../host/profiles.ts';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { hardwareDetails } from './hardware-details.ts';

function hostOf(profile: string): Host {
  const clusters = [{ topology: { control_planes: 3, workers: 2 }, profile }];
  const [cluster] = expandPlan(parsePlan({ name: 'hosts', seed: 'test', clusters }, 'test.yaml')).clusters;
  return buildHost('test', cluster!, cluster!.hosts[1]!);
}

it('says of machines of all profiles what the hub allows, and what their inventory says', async () => {
  const mock = await startKubeMock({ world: seedHub, tls: false });
  const clock = new ScaledClock(startClock(1));
  const client = new KubeClient({ kubeconfig: loadKubeconfig({ text: mock.kubeconfig }), clock });
  try {
    for (const profile of PROFILE_NAMES) {
      const host = hostOf(profile);
      const hardware = hardwareDetails(host);
      const created = await client.create(RESOURCES.hardwareData, {
        apiVersion: 'metal3.io/v1alpha1',
        kind: 'HardwareData',
        metadata: { name: profile, namespace: 'assisted-installer' },
        spec: { hardware },
      });
      expect(created.spec).toEqual({ hardware });
      expect(hardware.nics!.some(({ mac, pxe }) => mac === host.identity.mac && pxe === true)).toBe(true);
      expect(hardware.storage!.length).toBeGreaterThan(0);
      expect(hardware.hostname).toBe(host.identity.hostname);
    }
  } finally {
    await client.close();
    await mock.close();
  }
});
