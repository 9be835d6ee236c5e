/** What users of a real hub are told about their mistakes; the lines are those of a kube-apiserver 1.32 with the real CRDs. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeUnless, findKubectl } from '../../model/testing/needs.ts';
import { type KubeMock, startKubeMock } from '../index.ts';
import { seedHub } from './hub.ts';

const { program: KUBECTL, lack } = findKubectl();

let directory: string;
let mock: KubeMock;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hub-refusals-'));
  mock = await startKubeMock({ world: seedHub, kubeconfigPath: join(directory, 'kubeconfig') });
});
afterAll(async () => {
  await mock.close();
  await rm(directory, { recursive: true });
});

/** @returns what `kubectl apply` says about one object, standard output and standard error in one. */
function apply(manifest: string): Promise<string> {
  const env = {
    ...process.env,
    KUBECONFIG: join(directory, 'kubeconfig'),
    HOME: directory,
    KUBECACHEDIR: join(directory, 'cache'),
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  };
  return new Promise((resolve, reject) => {
    const child = execFile(KUBECTL, ['apply', '-f', '-'], { env }, (error, out, err) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve(out + err);
    });
    child.stdin?.end(manifest);
  });
}

/** How kubectl passes on the refusal of a field that the kind does not have. */
const unknownField = (kind: string, version: string, field: string) =>
  `Error from server (BadRequest): error when creating "STDIN": ${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: unknown field "${field}"\n`;

describeUnless(lack, 'a hub, by kubectl,', {}, () => {
  it.each([
    [
      'a BareMetalHost whose MAC address is written bootMacAddress',
      `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: rack-7}
spec:
  online: true
  bootMacAddress: "02:00:00:00:07:01"
  bmc: {address: "redfish-virtualmedia://198.51.100.7/redfish/v1/Systems/7", credentialsName: rack-7-bmc}`,
      unknownField('BareMetalHost', 'v1alpha1', 'spec.bootMacAddress'),
    ],
    [
      'a BareMetalHost with a root device hint that does not exist',
      `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: rack-8}
spec: {online: false, rootDeviceHints: {minSizeGB: 480}}`,
      unknownField('BareMetalHost', 'v1alpha1', 'spec.rootDeviceHints.minSizeGB'),
    ],
    [
      'a ClusterDeployment with pullSecret instead of pullSecretRef',
      `apiVersion: hive.openshift.io/v1
kind: ClusterDeployment
metadata: {name: edge-1}
spec:
  clusterName: edge-1
  baseDomain: example.org
  pullSecret: {name: registries}
  platform: {agentBareMetal: {agentSelector: {matchLabels: {site: edge-1}}}}`,
      unknownField('ClusterDeployment', 'v1', 'spec.pullSecret'),
    ],
    [
      'a ClusterDeployment that does not say which Agents it takes',
      `apiVersion: hive.openshift.io/v1
kind: ClusterDeployment
metadata: {name: edge-2}
spec: {clusterName: edge-2, baseDomain: example.org, platform: {agentBareMetal: {}}}`,
      `The ClusterDeployment "edge-2" is invalid: 
* spec.platform.agentBareMetal.agentSelector: Required value
* <nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation
`,
    ],
    [
      'an InfraEnv with a space in a kernel argument',
      `apiVersion: agent-install.openshift.io/v1beta1
kind: InfraEnv
metadata: {name: edge-3}
spec:
  pullSecretRef: {name: registries}
  kernelArguments: [{operation: append, value: "console=ttyS0 quiet"}]`,
      `The InfraEnv "edge-3" is invalid: spec.kernelArguments[0].value: Invalid value: "console=ttyS0 quiet": spec.kernelArguments[0].value in body should match '^(?:(?:[^ \\t\\n\\r"]+)|(?:"[^"]*"))+$'\n`,
    ],
    [
      'an AgentServiceConfig with resource instead of resources',
      `apiVersion: agent-install.openshift.io/v1beta1
kind: AgentServiceConfig
metadata: {name: agent}
spec:
  databaseStorage: {accessModes: [ReadWriteOnce], resource: {requests: {storage: 5Gi}}}
  filesystemStorage: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 50Gi}}}`,
      unknownField('AgentServiceConfig', 'v1beta1', 'spec.databaseStorage.resource'),
    ],
    [
      'a HostFirmwareSettings without settings',
      `apiVersion: metal3.io/v1alpha1
kind: HostFirmwareSettings
metadata: {name: rack-9}
spec: {}`,
      'The HostFirmwareSettings "rack-9" is invalid: spec.settings: Required value\n',
    ],
  ])('refuses %s', async (_, manifest, said) => {
    expect(await apply(manifest)).toBe(said);
  });

  it('takes all of them once they are right', async () => {
    const said = await apply(`apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: rack-7}
spec:
  online: true
  bootMACAddress: "02:00:00:00:07:01"
  rootDeviceHints: {minSizeGigabytes: 480}
  bmc: {address: "redfish-virtualmedia://198.51.100.7/redfish/v1/Systems/7", credentialsName: rack-7-bmc}
---
apiVersion: hive.openshift.io/v1
kind: ClusterDeployment
metadata: {name: edge-1}
spec:
  clusterName: edge-1
  baseDomain: example.org
  pullSecretRef: {name: registries}
  platform: {agentBareMetal: {agentSelector: {matchLabels: {site: edge-1}}}}
---
apiVersion: agent-install.openshift.io/v1beta1
kind: InfraEnv
metadata: {name: edge-3}
spec:
  pullSecretRef: {name: registries}
  kernelArguments: [{operation: append, value: console=ttyS0}, {operation: append, value: 'note="a b"'}]
---
apiVersion: agent-install.openshift.io/v1beta1
kind: AgentServiceConfig
metadata: {name: agent}
spec:
  databaseStorage: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}
  filesystemStorage: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 50Gi}}}
---
apiVersion: metal3.io/v1alpha1
kind: HostFirmwareSettings
metadata: {name: rack-9}
spec: {settings: {ProcTurboMode: Disabled, BootRetries: 3}}
`);
    expect(said.trim().split('\n')).toEqual([
      'baremetalhost.metal3.io/rack-7 created',
      'clusterdeployment.hive.openshift.io/edge-1 created',
      'infraenv.agent-install.openshift.io/edge-3 created',
      'agentserviceconfig.agent-install.openshift.io/agent created',
      'hostfirmwaresettings.metal3.io/rack-9 created',
    ]);
  });
});
