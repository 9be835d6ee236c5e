import { describe, expect, it } from 'vitest';
import { type JsonObject, OperationError } from '../service-api.ts';
import { type Machine, Site } from '../testing/test-site.ts';

async function readySingleNode(): Promise<{ site: Site; clusterId: string; machine: Machine }> {
  const site = new Site();
  const clusterId = site.cluster({ control_plane_count: 1 });
  const machine = site.machine(site.infraEnv(clusterId));
  await site.live(3);
  return { site, clusterId, machine };
}

const NAME_RULE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

// Recorded from the real service, or read from its sources.
describe('what is said of a change that cannot be', () => {
  it.each<[JsonObject, number, string | RegExp]>([
    [
      { host_name: 'Bad_Name!' },
      400,
      'Hostname does not pass required regex validation: ^[a-z0-9][a-z0-9-]{0,62}(?:[.][a-z0-9-]{1,63})*$. Hostname: Bad_Name!',
    ],
    [{ host_name: 'localhost' }, 400, 'The host name localhost is forbidden'],
    [{ host_name: 'a'.repeat(64) }, 400, /^hostname is too long, must be 63 characters or less\. Hostname: a+ has 64/],
    [
      { disks_selected_config: [{ id: '/dev/none', role: 'install' }] },
      409,
      "Requested installation disk is not part of the host's valid disks",
    ],
    [
      {
        disks_selected_config: [
          { id: 'a', role: 'install' },
          { id: 'b', role: 'install' },
        ],
      },
      409,
      'duplicate setting of installation path by the user',
    ],
    [
      { node_labels: [{ key: 'bad label!', value: 'x' }] },
      400,
      `node_labels: Invalid value: "bad label!": ${NAME_RULE}`,
    ],
    [
      { disks_skip_formatting: [{ disk_id: '/dev/none', skip_formatting: true }] },
      400,
      /^Disk identifier \/dev\/none doesn't match any disk in the inventory, it cannot be skipped\. Inventory disk identifiers are: ./,
    ],
    [
      { host_role: 'arbiter' },
      400,
      /^Cannot set role arbiter to host \S+ in infra-env \S+: cluster's openshift version must be at least 4\.19$/,
    ],
    [
      { fencing_credentials: { address: 'a', username: 'u', password: 'p' } },
      400,
      /^TNF clusters support is disabled, cannot set fencing credentials to host \S+ in infra-env \S+$/,
    ],
  ])('%j before the installation', async (body, status, message) => {
    const { site, machine } = await readySingleNode();
    const refused = caught(() => site.service.updateHost(machine.infraEnvId, machine.id, body));
    expect(refused).toMatchObject({ status });
    expect(refused.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  it.each<[JsonObject, number, string]>([
    [{ host_role: 'master' }, 500, 'host role'],
    [{ host_name: 'other' }, 409, 'host name'],
    [{ machine_config_pool_name: 'pool' }, 409, 'host machine config pool'],
    [{ ignition_endpoint_token: 'token' }, 409, 'host ignition endpoint token'],
    [{ ignition_endpoint_http_headers: [{ key: 'k', value: 'v' }] }, 500, 'ignition endpoint HTTP headers'],
    [{ node_labels: [{ key: 'a', value: 'b' }] }, 500, 'labels'],
    [{ disks_selected_config: [{ id: '/dev/sda', role: 'install' }] }, 409, 'installation disk path'],
  ])('%j while the host is being installed', async (body, status, what) => {
    const { site, clusterId, machine } = await readySingleNode();
    site.service.installCluster(clusterId);
    await site.live(3);
    const refused = caught(() => site.service.updateHost(machine.infraEnvId, machine.id, body));
    expect(refused).toMatchObject({
      status,
      message: `Host is in installing state, ${what} can be set only in one of [discovering known disconnected insufficient pending-for-input] states`,
    });
  });

  it('that frees a host in the middle of its installation', async () => {
    const { site, clusterId, machine } = await readySingleNode();
    site.service.installCluster(clusterId);
    await site.live(3);
    const refused = caught(() => site.service.unbindHost(machine.infraEnvId, machine.id));
    expect(refused).toMatchObject({
      status: 409,
      message: `Cannot unbind Host ${machine.id} while it is in the middle of installing.`,
    });
  });

  it.each([
    [
      ['--frobnicate'],
      /^found unexpected flag --frobnicate for installer - allowed flags are \[--append-karg .* --image-file\]$/,
    ],
    [['--append-karg=quiet'], /^found unexpected flag --append-karg=quiet for installer/],
    [['--append-karg', 'a b'], /^found unexpected chars in value a b for installer$/],
  ])('that gives the installer %j', async (args, message) => {
    const { site, machine } = await readySingleNode();
    const refused = caught(() => site.service.updateInstallerArgs(machine.infraEnvId, machine.id, { args }));
    expect(refused).toMatchObject({ status: 400, message: expect.stringMatching(message) as unknown as string });
  });
});

it('takes the arguments that an installer knows', async () => {
  const { site, machine } = await readySingleNode();
  const args = ['--append-karg', 'ip=dhcp', '-n', '--save-partlabel', 'data*'];
  const answer = site.service.updateInstallerArgs(machine.infraEnvId, machine.id, { args });
  expect(answer.installer_args).toBe(JSON.stringify(args));
});

function caught(act: () => unknown): OperationError {
  try {
    act();
  } catch (error) {
    if (error instanceof OperationError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
