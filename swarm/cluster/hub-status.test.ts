import { expect, it } from 'vitest';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { bootSourceOf, keptClusterInstall, serviceIdOf } from './hub-status.ts';

const infraEnv = (status?: object): KubeObject => ({
  apiVersion: 'agent-install.openshift.io/v1beta1',
  kind: 'InfraEnv',
  metadata: { name: 'one', namespace: 'one' },
  ...(status && { status }),
});

it('takes what hosts boot from out of the status of their InfraEnv', () => {
  const isoDownloadURL = 'http://img.example.com/byapikey/a.b.c/4.20/x86_64/minimal.iso';
  const ipxeScript = 'http://svc.example.com/files?file_name=ipxe-script&api_key=a.b.c';
  const ready = infraEnv({ isoDownloadURL, bootArtifacts: { ipxeScript } });
  expect(bootSourceOf(ready, 'iso')).toEqual({ from: 'iso', url: isoDownloadURL });
  expect(bootSourceOf(ready, 'ipxe')).toEqual({ from: 'ipxe', url: ipxeScript });
  expect(bootSourceOf(infraEnv(), 'iso')).toBeNull();
  expect(bootSourceOf(infraEnv({ isoDownloadURL }), 'ipxe')).toBeNull();
});

it("takes the service's id of a cluster from where its events are to be read, once that is known", () => {
  const install = (debugInfo?: object): KubeObject => ({
    apiVersion: 'extensions.hive.openshift.io/v1beta1',
    kind: 'AgentClusterInstall',
    metadata: { name: 'one', namespace: 'one' },
    ...(debugInfo && { status: { debugInfo } }),
  });
  const eventsURL = 'http://svc.example.com/api/assisted-install/v2/events?api_key=a.b.c&cluster_id=6f1c';
  expect(serviceIdOf(keptClusterInstall(install({ eventsURL })))).toBe('6f1c');
  for (const none of [undefined, {}, { eventsURL: '' }, { eventsURL: 'http://svc.example.com/events' }]) {
    expect(serviceIdOf(keptClusterInstall(install(none)))).toBeNull();
  }
});
