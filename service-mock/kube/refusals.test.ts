import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionOf, type KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import {
  deploymentOf,
  HubSite,
  imageSetOf,
  infraEnvOf,
  installOf,
  namespaceOf,
  poolOf,
  pullSecretOf,
} from './testing/hub-site.ts';

const { agentClusterInstalls, agents, infraEnvs } = RESOURCES;
const BACKEND = 'The Spec could not be synced due to backend error:';
const INPUT = 'The Spec could not be synced due to an input error:';

/** All tests have one hub and a namespace each; none changes what others see. */
let site: HubSite;
let count = 0;
const fresh = () => `refused-${count++}`;
beforeAll(async () => {
  site = await HubSite.start();
  await site.apply(imageSetOf('older', 'quay.io/openshift-release-dev/ocp-release:4.16.0-x86_64'));
  await site.apply(imageSetOf('release'), imageSetOf('digest', `registry.example.com/x@sha256:${'0'.repeat(64)}`));
}, 60_000);
afterAll(() => site.close());

interface Case {
  secret?: (name: string) => KubeObject | null;
  deployment?: object;
  install?: object;
  annotations?: Record<string, string>;
  reason: 'BackendError' | 'InputError';
  /** `NAME` stands for the name of everything. */
  message: string;
}

const withSecret = (text: string, message: string): Case => ({
  secret: (name) => pullSecretOf(name, text),
  reason: 'BackendError',
  message: `failed to validate pull secret for ClusterDeployment NAME/NAME: invalid pull secret data in secret pull ${text}: ${message}`,
});

const CASES: Record<string, Case> = {
  'without a pull secret named': {
    deployment: { pullSecretRef: undefined },
    reason: 'InputError',
    message: 'PullSecret is required for ClusterDeployment NAME/NAME',
  },
  'whose pull secret is missing': {
    secret: () => null,
    reason: 'BackendError',
    message:
      'failed to validate pull secret for ClusterDeployment NAME/NAME: failed to find secret pull: failed to get secret NAME/pull from API: secrets "pull" not found',
  },
  'whose pull secret has another key': {
    secret: (name) => ({ ...pullSecretOf(name), type: 'Opaque', data: { other: 'e30=' } }),
    reason: 'BackendError',
    message:
      'failed to validate pull secret for ClusterDeployment NAME/NAME: secret pull did not contain key .dockerconfigjson',
  },
  'whose pull secret is not JSON': {
    ...withSecret('not json', 'pull secret must be a well-formed JSON'),
    secret: (name) => ({ ...pullSecretOf(name, 'not json'), type: 'Opaque' }),
  },
  'whose pull secret holds nothing': withSecret('{"auths":{}}', "pull secret must contain 'auths' JSON-object field"),
  'whose pull secret is not base64': withSecret(
    '{"auths":{"quay.io":{"auth":"%%%"}}}',
    'invalid pull secret: \'auth\' field of "quay.io" is not base64-encoded',
  ),
  'whose pull secret names nobody': withSecret(
    '{"auths":{"quay.io":{"auth":"YWJj"}}}',
    "invalid pull secret: 'auth' for quay.io is not in 'user:password' format",
  ),
  'without a ClusterImageSet named': {
    install: { imageSetRef: undefined },
    reason: 'InputError',
    message:
      'ClusterImageSet must be specified in AgentClusterInstall.Spec.ImageSetRef for cluster that is not installed',
  },
  'whose ClusterImageSet is missing': {
    install: { imageSetRef: { name: 'none' } },
    reason: 'BackendError',
    message: 'ClusterImageSet none not found. Please ensure the ClusterImageSet exists',
  },
  'whose release image tells no version': {
    install: { imageSetRef: { name: 'digest' } },
    reason: 'BackendError',
    message: `failed to get release image 'registry.example.com/x@sha256:${'0'.repeat(64)}'. Please ensure the releaseImage field in ClusterImageSet 'digest' is valid,  (error: the version of release image registry.example.com/x@sha256:${'0'.repeat(64)} is not known).`,
  },
  'with a bad SSH key': {
    install: { sshPublicKey: 'ssh-rsa nonsense!' },
    reason: 'InputError',
    message: 'SSH key: ssh-rsa nonsense! does not match any supported type: ssh-rsa, ssh-ed25519, ecdsa-[VARIANT]',
  },
  'with overrides that are not JSON': {
    annotations: { 'agent-install.openshift.io/install-config-overrides': '{bad' },
    reason: 'InputError',
    message:
      "Failed to parse 'agent-install.openshift.io/install-config-overrides' annotation: invalid character 'b' looking for beginning of object key string",
  },
  'with an SSH key of a known type that is none': {
    install: { sshPublicKey: 'ssh-rsa nonsense' },
    reason: 'InputError',
    message: 'SSH key: ssh-rsa nonsense does not match any supported type: ssh-rsa, ssh-ed25519, ecdsa-[VARIANT]',
  },
  'with a bad network': {
    install: {
      provisionRequirements: { controlPlaneAgents: 3 },
      networking: { machineNetwork: [{ cidr: '10.1.1.1/99' }] },
    },
    reason: 'InputError',
    message:
      '1 error occurred:\n\t* Could not parse Machine Network CIDR 10.1.1.1/99 (index 0): invalid CIDR address: 10.1.1.1/99\n\n',
  },
  'with a VIP outside its network': {
    install: {
      provisionRequirements: { controlPlaneAgents: 3 },
      apiVIPs: ['10.0.0.1'],
      ingressVIPs: ['192.168.10.5'],
    },
    reason: 'InputError',
    message: '1 error occurred:\n\t* api-vip <10.0.0.1> does not belong to machine-network-cidr <192.168.10.0/24>\n\n',
  },
  'with an API VIP alone': {
    install: { provisionRequirements: { controlPlaneAgents: 3 }, apiVIPs: ['192.168.10.5'] },
    reason: 'InputError',
    message:
      '1 error occurred:\n\t* configuration must include the same number of apiVIPs (got 1) and ingressVIPs (got 0)\n\n',
  },
  'with VIPs for a single node': {
    install: { apiVIPs: ['192.168.10.5'], ingressVIPs: ['192.168.10.6'] },
    reason: 'InputError',
    message: 'API VIPs cannot be set with User Managed Networking',
  },
  'with two control-plane nodes of an older version': {
    install: { provisionRequirements: { controlPlaneAgents: 2 }, imageSetRef: { name: 'older' } },
    reason: 'InputError',
    message:
      'there should be exactly 3 dedicated control plane nodes for high availability mode Full in openshift version older than 4.18',
  },
  'with a platform that a single node cannot have': {
    install: { platformType: 'BareMetal' },
    reason: 'InputError',
    message: "Can't set baremetal platform with user-managed-networking enabled",
  },
  'with a bad name': {
    deployment: { clusterName: 'Bad_Name' },
    reason: 'InputError',
    message:
      "Cluster name format is not valid: 'Bad_Name'. Name must start and end with either a letter or number and consist of lower-case letters, numbers, and hyphens. Subdomains in cluster names are only valid with none platform.",
  },
  'with manifests that are missing': {
    install: { manifestsConfigMapRefs: [{ name: 'none' }] },
    reason: 'BackendError',
    message: 'ConfigMap "none" not found',
  },
  'with unknown validations to ignore': {
    annotations: { 'agent-install.openshift.io/ignored-cluster-validations': 'nope' },
    reason: 'InputError',
    message: "cannot proceed due to the following errors: Validation ID 'nope' is not a known cluster validation",
  },
};

const withoutUndefined = (object: object) => JSON.parse(JSON.stringify(object)) as KubeObject;

describe('a cluster', () => {
  it.each(Object.entries(CASES))('%s says so', { timeout: 60_000 }, async (_, given) => {
    const name = fresh();
    const { secret = pullSecretOf, deployment = {}, install = {}, annotations = {}, reason, message } = given;
    await site.apply(namespaceOf(name));
    const made = secret(name);
    if (made) await site.apply(made);
    const object = installOf(name, install);
    object.metadata.annotations = annotations;
    await site.apply(withoutUndefined(deploymentOf(name, deployment)), withoutUndefined(object));
    const words = `${reason === 'InputError' ? INPUT : BACKEND} ${message.replaceAll('NAME', name)}`;
    await site.condition(agentClusterInstalls, name, name, 'SpecSynced', { status: 'False', reason, message: words });
  });

  it('says nothing of what it cannot know, and recovers by itself when the Secret comes', {
    timeout: 60_000,
  }, async () => {
    const name = fresh();
    await site.apply(namespaceOf(name), deploymentOf(name), installOf(name), infraEnvOf(name));
    const failed = await site.condition(agentClusterInstalls, name, name, 'SpecSynced', { reason: 'BackendError' });
    for (const type of ['Validated', 'RequirementsMet', 'Completed', 'Failed', 'Stopped']) {
      expect(conditionOf(failed, type)).toMatchObject({
        status: 'Unknown',
        reason: 'NotAvailable',
        message: 'Information not available',
      });
    }
    expect(failed.status).not.toHaveProperty('validationsInfo');
    const missing = await site.condition(infraEnvs, name, name, 'ImageCreated', { reason: 'MissingClusterDeployment' });
    expect(conditionOf(missing, 'ImageCreated')).toMatchObject({
      status: 'Unknown',
      message: `ClusterDeployment is missing: cluster does not exist: ${name}, check AgentClusterInstall conditions: name ${name} in namespace ${name}`,
    });
    await site.apply(pullSecretOf(name));
    await site.condition(agentClusterInstalls, name, name, 'SpecSynced', { status: 'True', message: 'SyncOK' });
    await site.condition(infraEnvs, name, name, 'ImageCreated', { status: 'True' });
  });

  it('without its ClusterDeployment says so, and holds nothing', { timeout: 60_000 }, async () => {
    const name = fresh();
    await site.apply(namespaceOf(name), installOf(name));
    const object = await site.condition(agentClusterInstalls, name, name, 'SpecSynced', {
      reason: 'InputError',
      message: `${INPUT} ClusterDeployment with name '${name}' in namespace '${name}' not found. Ensure that the CRD is already applied.`,
    });
    expect(object.metadata.finalizers).toBeUndefined();
  });
});

describe('an InfraEnv', () => {
  it.each([
    ['an unknown OS image', { osImageVersion: '9.9' }, 'Specified OSImageVersion is missing from AgentServiceConfig'],
    ['a bad NTP source', { additionalNTPSources: ['bad host!'] }, 'Invalid NTP source: bad host!'],
    [
      'a bad proxy',
      { proxy: { httpProxy: 'ftp://x' } },
      "Failed to validate HTTP Proxy: The URL scheme must be http and specified in the URL: 'ftp://x'",
    ],
    ['a bad bundle of certificates', { additionalTrustBundle: 'x' }, 'invalid block'],
    ['a bad SSH key', { sshAuthorizedKey: 'ssh-rsa nonsense' }, 'SSH key is not valid'],
    [
      'an ignition override that is not JSON',
      { ignitionConfigOverride: '{bad' },
      "error parsing ignition: config is not valid, error report: error at line 1 col 3: invalid character 'b' looking for beginning of object key string\n",
    ],
  ])('with %s says so', { timeout: 60_000 }, async (_, spec, message) => {
    const name = fresh();
    await site.apply(namespaceOf(name), pullSecretOf(name), poolOf(name, spec));
    const object = await site.condition(infraEnvs, name, name, 'ImageCreated', {
      status: 'False',
      reason: 'ImageCreationError',
      message: `Failed to create image: ${message}`,
    });
    expect(object.status).not.toHaveProperty('isoDownloadURL');
  });

  it('of a ClusterDeployment that is missing says so', { timeout: 60_000 }, async () => {
    const name = fresh();
    await site.apply(namespaceOf(name), pullSecretOf(name), infraEnvOf(name));
    await site.condition(infraEnvs, name, name, 'ImageCreated', {
      status: 'Unknown',
      reason: 'MissingClusterDeployment',
      message: `ClusterDeployment is missing: failed to get clusterDeployment with name ${name} in namespace ${name}: ClusterDeployment.hive.openshift.io "${name}" not found`,
    });
  });

  it('whose pull secret is missing tries again', { timeout: 60_000 }, async () => {
    const name = fresh();
    await site.apply(namespaceOf(name), poolOf(name));
    await site.condition(infraEnvs, name, name, 'ImageCreated', {
      reason: 'ImageCreationError',
      message: `Failed to create image due to an internal error: failed to find secret pull: failed to get secret ${name}/pull from API: secrets "pull" not found`,
    });
    await site.apply(pullSecretOf(name));
    await site.condition(infraEnvs, name, name, 'ImageCreated', { status: 'True' });
  });
});

describe('an Agent', () => {
  it('says what of its spec cannot be, and a failed host fails its cluster', { timeout: 90_000 }, async () => {
    const name = fresh();
    await site.apply(namespaceOf(name), pullSecretOf(name));
    await site.apply(deploymentOf(name), installOf(name, { holdInstallation: true }), infraEnvOf(name));
    const machine = await site.boot(await site.infraEnvId(name), '192.168.10');
    await site.state(name, machine, 'known');
    // Only Agents with the label are counted, and one whose spec is refused gets none.
    await site.eventually(async () => {
      const { metadata, status } = await site.agent(name, machine);
      expect(metadata.labels).toHaveProperty(['agent-install.openshift.io/clusterdeployment-namespace'], name);
      expect(status).not.toHaveProperty('progress');
    });
    const say = async (spec: object, reason: string, message: string) => {
      await site.client.patch(agents, name, machine.id, { spec });
      await site.condition(agents, name, machine.id, 'SpecSynced', { status: 'False', reason, message });
    };
    await say({ hostname: 'localhost' }, 'InputError', `${INPUT} The host name localhost is forbidden`);
    await say(
      { hostname: 'fine', installation_disk_id: '/dev/nothing' },
      'InputError',
      `${INPUT} Requested installation disk is not part of the host's valid disks`,
    );
    await say(
      { installation_disk_id: null, installerArgs: '["--frobnicate"]' },
      'InputError',
      expect.stringContaining(`${INPUT} found unexpected flag --frobnicate for installer`) as unknown as string,
    );
    const infraEnv = await site.infraEnvId(name);
    await say(
      { installerArgs: '[bad' },
      'InputError',
      `${INPUT} Fail to unmarshal installer args for host ${machine.id} in infraEnv ${infraEnv}: invalid character 'b' looking for beginning of value`,
    );
    await say(
      { installerArgs: '{}' },
      'InputError',
      `${INPUT} Fail to unmarshal installer args for host ${machine.id} in infraEnv ${infraEnv}: json: cannot unmarshal object into Go value of type []string`,
    );
    await say(
      { installerArgs: '', ignitionConfigOverrides: '{bad' },
      'InputError',
      `${INPUT} error parsing ignition: config is not valid, error report: error at line 1 col 3: invalid character 'b' looking for beginning of object key string\n`,
    );
    await say(
      { ignitionConfigOverrides: '', nodeLabels: { 'bad label!': 'x' } },
      'InputError',
      expect.stringContaining(`${INPUT} node_labels: Invalid value: "bad label!": name part must`) as unknown as string,
    );
    // An Agent alone is no reason to look at its cluster again.
    const touch = { metadata: { annotations: { touched: 'yes' } } };
    await site.client.patch(agentClusterInstalls, name, name, touch);
    await site.condition(agentClusterInstalls, name, name, 'RequirementsMet', {
      reason: 'UnsyncedAgents',
      message: 'The cluster currently has 1 agents with spec error',
    });
    await site.client.patch(agents, name, machine.id, { spec: { nodeLabels: null, approved: true } });
    await site.condition(agents, name, machine.id, 'SpecSynced', { status: 'True' });
    await site.client.patch(agentClusterInstalls, name, name, { spec: { holdInstallation: false } });
    await site.state(name, machine, 'installing');
    await site.progress(machine, 'Failed', 'no luck');
    await site.condition(agents, name, machine.id, 'Installed', {
      reason: 'InstallationFailed',
      message: 'The installation has failed: Failed - no luck',
    });
    const failed = await site.condition(agentClusterInstalls, name, name, 'Failed', {
      status: 'True',
      message: 'The installation failed: cluster has hosts in error',
    });
    expect(conditionOf(failed, 'Completed')).toMatchObject({
      status: 'False',
      reason: 'InstallationFailed',
      message: 'The installation has failed: cluster has hosts in error',
    });
    expect(conditionOf(failed, 'Stopped')).toMatchObject({ status: 'True', reason: 'InstallationFailed' });
    expect(conditionOf(failed, 'RequirementsMet')).toMatchObject({ reason: 'ClusterInstallationStopped' });
  });

  it('goes with a cluster that is deleted while it installs', { timeout: 60_000 }, async () => {
    const name = fresh();
    await site.apply(namespaceOf(name), pullSecretOf(name));
    await site.apply(deploymentOf(name), installOf(name), infraEnvOf(name));
    const machine = await site.boot(await site.infraEnvId(name));
    await site.approve(name, machine);
    await site.state(name, machine, 'installing');
    await site.client.delete(RESOURCES.clusterDeployments, name, name);
    await site.gone(RESOURCES.clusterDeployments, name, name);
    await site.gone(agents, name, machine.id);
    await site.condition(infraEnvs, name, name, 'ImageCreated', { reason: 'MissingClusterDeployment' });
  });
});
