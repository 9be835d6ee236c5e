import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../service-api.ts';
import { PULL_SECRET, Site } from '../testing/test-site.ts';

const vips = { api_vips: [{ ip: '192.168.10.100' }], ingress_vips: [{ ip: '192.168.10.101' }] };

describe('a new cluster', () => {
  it.each<[string, JsonObject]>([
    ['name with capitals', { name: 'BAD' }],
    ['name with a dot on bare metal', { name: 'a.b' }],
    ['name that ends with a hyphen', { name: 'a-' }],
    ['unknown version', { openshift_version: '4.3' }],
    ['pull secret that is no JSON', { pull_secret: 'nonsense' }],
    ['pull secret without auths', { pull_secret: '{"auths":{}}' }],
    ['pull secret with a bad auth', { pull_secret: '{"auths":{"quay.io":{"auth":"!!"}}}' }],
    [
      'pull secret without user',
      { pull_secret: `{"auths":{"quay.io":{"auth":"${Buffer.from('x').toString('base64')}"}}}` },
    ],
    ['one VIP only', { api_vips: [{ ip: '192.168.10.100' }] }],
    ['equal VIPs', { api_vips: [{ ip: '192.168.10.100' }], ingress_vips: [{ ip: '192.168.10.100' }] }],
    ['VIP outside the machine network', { ...vips, machine_networks: [{ cidr: '10.0.0.0/24' }] }],
    ['VIP that is no address', { api_vips: [{ ip: 'x' }], ingress_vips: [{ ip: 'y' }] }],
    ['VIPs with user-managed networking', { ...vips, user_managed_networking: true }],
    ['a name for no proxy that is none', { no_proxy: 'a b' }],
    ['an empty tag', { tags: 'a,,b' }],
    ['tang without servers', { disk_encryption: { enable_on: 'masters', mode: 'tang' } }],
    ['an ignition endpoint that is no URL', { ignition_endpoint: { url: 'bad' } }],
    ['an unknown release image', { ocp_release_image: 'quay.io/x:y' }],
    ['OpenShiftSDN after 4.14', { network_type: 'OpenShiftSDN' }],
    ['a user load balancer on none', { load_balancer: { type: 'user-managed' }, platform: { type: 'none' } }],
    ['baremetal on a single node', { control_plane_count: 1, platform: { type: 'baremetal' } }],
    ['cluster-managed networking on a single node', { control_plane_count: 1, user_managed_networking: false }],
    ['none with cluster-managed networking', { platform: { type: 'none' }, user_managed_networking: false }],
    ['six control-plane nodes', { control_plane_count: 6 }],
    ['four of an old version', { control_plane_count: 4, openshift_version: '4.16' }],
    ['two before 4.19', { control_plane_count: 2 }],
    ['SSH key that is none', { ssh_public_key: 'hello' }],
    ['unknown operator', { olm_operators: [{ name: 'nope' }] }],
    ['ODF on a single node', { control_plane_count: 1, olm_operators: [{ name: 'odf' }] }],
    ['NTP sources of both kinds', { additional_ntp_source: 'a.b', ntp_sources: 'c.d' }],
  ])('with %s is refused with 400', (_what, body) => {
    expect(() => new Site().cluster(body)).toThrow(expect.objectContaining({ status: 400 }));
  });

  it.each<[JsonObject, JsonObject]>([
    [
      {},
      {
        platform: { type: 'baremetal', external: {} },
        user_managed_networking: false,
        control_plane_count: 3,
        high_availability_mode: 'Full',
      },
    ],
    [
      { user_managed_networking: true, name: 'a.b' },
      { platform: { type: 'none', external: {} }, user_managed_networking: true },
    ],
    [
      { control_plane_count: 1 },
      { platform: { type: 'none', external: {} }, user_managed_networking: true, high_availability_mode: 'None' },
    ],
    [{ high_availability_mode: 'None' }, { control_plane_count: 1 }],
    // Host bits are cut off, and overlaps are left to a validation.
    [
      { service_networks: [{ cidr: '10.128.1.0/16' }] },
      { service_networks: [expect.objectContaining({ cidr: '10.128.0.0/16' })] },
    ],
    [{ platform: { type: 'vsphere' } }, { platform: { type: 'vsphere', external: {} } }],
    [
      { openshift_version: '4.19', control_plane_count: 2 },
      { control_plane_count: 2, openshift_version: '4.19.20' },
    ],
    [
      { olm_operators: [{ name: 'odf' }] },
      { monitored_operators: [{ name: 'console' }, { name: 'odf' }, { name: 'lso', dependency_only: true }] },
    ],
  ])('%j gets its defaults', (body, wanted) => {
    const site = new Site();
    expect(site.service.getCluster(site.cluster(body), { excludeHosts: true })).toMatchObject(wanted);
  });

  it('needs credentials for registries that are not public', () => {
    const site = new Site({ PUBLIC_CONTAINER_REGISTRIES: [] });
    expect(() => site.cluster()).toThrow(/registry\.example\.com/);
    const secret = JSON.stringify({
      auths: { ...JSON.parse(PULL_SECRET).auths, 'registry.example.com': { auth: 'dTpw' } },
    });
    expect(() => site.cluster({ pull_secret: secret })).not.toThrow();
  });
});

describe('manifests', () => {
  it('are kept, listed, read and deleted', () => {
    const site = new Site();
    const id = site.cluster({ network_type: 'Calico' });
    const content = Buffer.from('kind: Thing').toString('base64');
    expect(site.service.createManifest(id, { file_name: 'a.yaml', content })).toMatchObject({
      folder: 'manifests',
      manifest_source: 'user',
    });
    expect(site.service.listManifests(id, false)).toHaveLength(1);
    expect(site.service.downloadManifest(id, 'manifests', 'a.yaml').toString()).toBe('kind: Thing');
    for (const [status, body] of [
      [400, { file_name: 'a.txt', content }],
      [422, { file_name: 'a/b.yaml', content }],
      [400, { file_name: 'a.yaml', content: '!' }],
    ] as const) {
      expect(() => site.service.createManifest(id, body)).toThrow(expect.objectContaining({ status }));
    }
    site.service.deleteManifest(id, 'manifests', 'a.yaml');
    expect(() => site.service.downloadManifest(id, 'manifests', 'a.yaml')).toThrow(
      expect.objectContaining({ status: 404 }),
    );
  });
});

describe('an infra-env', () => {
  it('takes the newest OS image and has a download address', () => {
    const site = new Site();
    const id = site.infraEnv();
    expect(site.service.getInfraEnv(id)).toMatchObject({
      openshift_version: '4.20',
      download_url: `http://127.0.0.1:8888/byid/${id}/4.20/x86_64/full.iso`,
      type: 'full-iso',
    });
    site.service.updateInfraEnv(id, { image_type: 'minimal-iso' });
    expect(site.service.infraEnvImageUrl(id).url).toContain('minimal.iso');
    expect(site.service.downloadInfraEnvFile(id, 'discovery.ign', {}).content.toString()).toContain(id);
    expect(() => site.service.downloadInfraEnvFile(id, 'x', {})).toThrow(expect.objectContaining({ status: 400 }));
    expect(() => site.service.registerInfraEnv({ name: 'x', pull_secret: PULL_SECRET, cluster_id: 'none' })).toThrow(
      expect.objectContaining({ status: 404 }),
    );
    expect(() =>
      site.service.registerInfraEnv({ name: 'x', pull_secret: PULL_SECRET, cpu_architecture: 's390x' }),
    ).toThrow(expect.objectContaining({ status: 400 }));
  });
});

it('versions appear when an OS image of theirs exists', () => {
  const site = new Site({
    OS_IMAGES: [{ openshift_version: '4.18', cpu_architecture: 'x86_64', url: 'u', version: 'v' }],
  });
  expect(site.service.openshiftVersions({ only_latest: false })).toEqual({
    '4.18.30': { cpu_architectures: ['x86_64'], display_name: '4.18.30', support_level: 'production' },
  });
});
