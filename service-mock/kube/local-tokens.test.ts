import { afterEach, expect, it } from 'vitest';
import { RESOURCES } from '../../model/kube/resources.ts';
import { LocalTokens } from '../auth/local-tokens.ts';
import type { ClusterInstall, InfraEnv } from './objects.ts';
import {
  deploymentOf,
  HubSite,
  imageSetOf,
  infraEnvOf,
  installOf,
  namespaceOf,
  pullSecretOf,
} from './testing/hub-site.ts';

const { agentClusterInstalls, agents, infraEnvs } = RESOURCES;
let site: HubSite;
afterEach(() => site.close());

it('a host finds the way in with nothing but its InfraEnv, and addresses keep their tokens', {
  timeout: 90_000,
}, async () => {
  const tokens = new LocalTokens();
  site = await HubSite.start({ settings: { AUTH_TYPE: 'local', EC_PRIVATE_KEY_PEM: tokens.privateKeyPem } });
  await site.apply(namespaceOf('sno'), pullSecretOf('sno'), imageSetOf('release'));
  await site.apply(deploymentOf('sno'), installOf('sno'), infraEnvOf('sno'));
  await site.condition(infraEnvs, 'sno', 'sno', 'ImageCreated', { status: 'True' });
  const { bootArtifacts, debugInfo, isoDownloadURL } = (await site.get<InfraEnv>(infraEnvs, 'sno', 'sno')).status!;
  const id = new URL(debugInfo.eventsURL).searchParams.get('infra_env_id')!;
  const keys = [
    new URL(isoDownloadURL!).pathname.split('/')[2]!,
    ...[bootArtifacts.initrd, bootArtifacts.ipxeScript, bootArtifacts.discoveryIgnitionURL, debugInfo.eventsURL].map(
      (url) => new URL(url).searchParams.get('api_key')!,
    ),
  ];
  for (const key of keys) expect(tokens.verify(key)).toEqual({ kind: 'infra_env_id', id });
  expect(new Set(keys).size).toBe(keys.length);
  expect(new URL(isoDownloadURL!).pathname).toBe(`/byapikey/${keys[0]}/4.18/x86_64/minimal.iso`);
  expect(new URL(bootArtifacts.kernel).search).toBe('?arch=x86_64&version=4.18');
  const { status } = await site.get<ClusterInstall>(agentClusterInstalls, 'sno', 'sno');
  const events = new URL(status!.debugInfo.eventsURL).searchParams;
  expect(tokens.verify(events.get('api_key')!)).toEqual({ kind: 'cluster_id', id: events.get('cluster_id') });
  for (const url of [debugInfo.eventsURL, status!.debugInfo.eventsURL, bootArtifacts.ipxeScript]) {
    expect((await fetch(url)).status).toBe(200);
  }

  const ignition = await (await fetch(bootArtifacts.discoveryIgnitionURL)).text();
  const token = /PULL_SECRET_TOKEN=([\w.-]+)/.exec(ignition)![1]!;
  const register = (secret: string) =>
    fetch(`${site.service.url}/api/assisted-install/v2/infra-envs/${id}/hosts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Secret-Key': secret },
      body: JSON.stringify({ host_id: '00000001-1111-4111-8111-111111111111' }),
    });
  expect((await register('')).status).toBe(401);
  expect((await register(token)).status).toBe(201);
  await site.get(agents, 'sno', '00000001-1111-4111-8111-111111111111');

  // Another pass writes the same addresses; another image has others.
  await site.client.patch(infraEnvs, 'sno', 'sno', { metadata: { annotations: { a: 'b' } } });
  await site.client.patch(infraEnvs, 'sno', 'sno', { spec: { sshAuthorizedKey: '' } });
  await site.eventually(async () => {
    const passes = site.calls.filter(({ resource }) => resource === 'infraenvs/status').length;
    expect(passes).toBeGreaterThan(2);
  });
  expect((await site.get<InfraEnv>(infraEnvs, 'sno', 'sno')).status).toMatchObject({ bootArtifacts, isoDownloadURL });
  await site.client.patch(infraEnvs, 'sno', 'sno', {
    spec: { kernelArguments: [{ operation: 'append', value: 'a=b' }] },
  });
  await site.eventually(async () => {
    const changed = (await site.get<InfraEnv>(infraEnvs, 'sno', 'sno')).status!;
    expect(changed.isoDownloadURL).not.toBe(isoDownloadURL);
    expect(changed.bootArtifacts.initrd).not.toBe(bootArtifacts.initrd);
  });
});
