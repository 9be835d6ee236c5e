import { expect, it } from 'vitest';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { bootSourceOf, describeBareMetalHosts, keptClusterInstall, serviceIdOf } from './hub-status.ts';

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

it('tells of BareMetalHosts that are not provisioned, of the first that has an error', () => {
  const host = (name: string, state?: string, errorMessage = '', errorType?: string): KubeObject => ({
    apiVersion: 'metal3.io/v1alpha1',
    kind: 'BareMetalHost',
    metadata: { name, namespace: 'one' },
    ...(state !== undefined && { status: { provisioning: { state }, errorMessage, ...(errorType && { errorType }) } }),
  });
  const failed = host('c', 'registering', 'no route to host', 'registration error');
  expect(describeBareMetalHosts([])).toBe('');
  expect(describeBareMetalHosts([host('a', 'provisioned'), host('b', 'externally provisioned')])).toBe('');
  expect(describeBareMetalHosts([host('a', 'provisioned'), failed])).toBe(
    'BareMetalHost one/c is registering (registration error: no route to host)',
  );
  expect(describeBareMetalHosts([host('a', 'inspecting'), failed])).toBe(
    'BareMetalHost one/c is registering (registration error: no route to host); 1 more is not provisioned',
  );
  expect(describeBareMetalHosts([host('a'), host('b', 'inspecting'), host('d', 'inspecting')])).toBe(
    'BareMetalHost one/a is not taken up by its operator yet; 2 more are not provisioned',
  );
});
