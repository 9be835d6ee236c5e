import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parsePlan } from '../plan/load.ts';
import { InputError } from './exit.ts';
import { readValues, valuesOfPlan } from './read-values.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-values-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function file(content: string | object): string {
  const path = join(folder, `${files++}.yaml`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const AUTH = Buffer.from('me:hush-hush').toString('base64');
const PULL_SECRET = JSON.stringify({ auths: { 'quay.io': { auth: AUTH } } });
const BASE64 = Buffer.from(PULL_SECRET).toString('base64');
const ENOUGH = { swarm_size: 2, release_image: 'quay.io/x/ocp:1', pull_secret_b64: BASE64 };
const PLAN = parsePlan(
  { name: 'p', seed: 's', pull_secret: PULL_SECRET, ssh_public_key: 'ssh-rsa AAAA', clusters: [{ topology: 'sno' }] },
  'plan.yaml',
);

/** What is complained of, without the path of the file. */
function complaint(content: string | object, plan = false): string {
  const path = file(content);
  try {
    readValues(path, plan ? PLAN : null);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message.replaceAll(path, 'v');
  }
  throw new Error('accepted');
}

describe('the keys of the first tool', () => {
  it('work as they are', () => {
    const { values, plan, network } = readValues(
      file(
        `swarm_size: 2\nmachine_network: 10.123.0.0/16\nrelease_image: quay.io/x/ocp:1\nssh_pub_key: ssh-rsa AAAA\npull_secret_b64: ${BASE64}\n`,
      ),
      null,
    );
    expect(plan.clusters).toMatchObject([{ amount: 2, controlPlanes: 1, platform: 'none' }]);
    expect(network).toEqual({ machineNetwork: '10.123.0.0/16' });
    expect(values).toMatchObject({
      release_image: 'quay.io/x/ocp:1',
      ssh_pub_key: 'ssh-rsa AAAA',
      pull_secret_b64: BASE64,
    });
  });
});

it('reads the pull secret as text, in base64 on several lines, and from a file beside the values', () => {
  writeFileSync(join(folder, 'pull.json'), `${PULL_SECRET}\n`);
  const { pull_secret_b64: _, ...rest } = ENOUGH;
  for (const secret of [
    { pull_secret: PULL_SECRET },
    { pull_secret_b64: BASE64.replace(/.{20}/g, '$&\n') },
    { pull_secret_file: 'pull.json' },
  ]) {
    expect(readValues(file({ ...rest, ...secret }), null).values.pull_secret_b64).toBe(BASE64);
  }
});

it('takes from the plan what is not given', () => {
  const { values, plan } = readValues(file({ release_image: 'quay.io/x/ocp:2' }), PLAN);
  expect(plan).toBe(PLAN);
  expect(values).toMatchObject({
    release_image: 'quay.io/x/ocp:2',
    ssh_pub_key: 'ssh-rsa AAAA',
    pull_secret_b64: BASE64,
  });
  expect(() => valuesOfPlan(PLAN)).toThrow(
    /^plan\.yaml:\d+:\d+: clusters made by custom resources need a release image/,
  );
});

it.each<[string, string | object, string]>([
  [
    'an unknown key',
    { ...ENOUGH, relase_image: 'x' },
    'v:1:140: unknown key "relase_image"; did you mean release_image?',
  ],
  [
    'no pull secret',
    { swarm_size: 1, release_image: 'x' },
    'v:1:1: no pull secret; add pull_secret_b64, pull_secret or pull_secret_file',
  ],
  [
    'a pull secret that is not JSON',
    { ...ENOUGH, pull_secret_b64: 'bm8=' },
    'pull_secret_b64 is a hidden value; allowed: base64 of JSON of the form {"auths"',
  ],
  [
    'a pull secret that is not base64',
    { ...ENOUGH, pull_secret_b64: '{"a":1}' },
    'pull_secret_b64 is a hidden value; allowed: base64 of JSON',
  ],
  [
    'two pull secrets',
    { ...ENOUGH, pull_secret: PULL_SECRET },
    'pull_secret_b64 and pull_secret are both given; allowed: one of them',
  ],
  [
    'a missing file',
    { swarm_size: 1, release_image: 'x', pull_secret_file: 'no.json' },
    'no.json cannot be read (ENOENT); give the path of a file',
  ],
  [
    'no number of clusters',
    { release_image: 'x', pull_secret: PULL_SECRET },
    'v:1:1: nothing says which clusters there are; add swarm_size',
  ],
  [
    'no release',
    { swarm_size: 1, pull_secret: PULL_SECRET },
    'v:1:1: no release to install; add release_image, or image_set',
  ],
  ['a wrong number', 'swarm_size: many', 'v:1:13: swarm_size is "many"; allowed: a whole number from 1 to 1000000'],
  [
    'a wrong network',
    { ...ENOUGH, machine_network: '10.0.0.0/33' },
    'machine_network is "10.0.0.0/33"; allowed: an IPv4 network such as 10.123.0.0/16',
  ],
  [
    'a wrong topology',
    { ...ENOUGH, topology: { control_planes: 1, workers: 2 } },
    'topology.workers is 2; allowed: 0 beside 1 control plane',
  ],
  ['too many hosts', { ...ENOUGH, swarm_size: 1_000_000, topology: 'compact' }, 'hosts'],
  [
    'an image without late binding',
    { ...ENOUGH, os_image_version: '4.20' },
    'os_image_version is not supported on InfraEnvs that belong to a cluster',
  ],
  ['a list', '- 1', 'v:1:1: the values file is a list of 1; allowed: a mapping with the keys swarm_size'],
])('complains of %s', (_, content, message) => {
  expect(complaint(content)).toContain(message);
});

it('complains of keys that the plan decides', () => {
  expect(complaint('swarm_size: 3\nrelease_image: x', true)).toBe(
    'v:1:1: swarm_size is given beside a plan; the plan says which clusters there are',
  );
});

it.each([
  `pull_secret: {"auths": {"quay.io": {"auth": "${AUTH}"}}\nswarm_size: 1`,
  `pull_secret: '{"auths": {"quay.io": {"auth": "${AUTH}"}}}\nswarm_size: 1`,
  `pull_secret_b64: @${BASE64}`,
  `pull_secret_b64: ${BASE64}: ${BASE64}`,
  `pull_secret: {"auths": {"quay.io": {"auth": "${AUTH}"}}}`,
  JSON.stringify({ ...ENOUGH, pull_secret_b64: BASE64.slice(4) }),
])('does not show secrets in errors: %#', (text) => {
  const message = complaint(text);
  for (const part of [AUTH, BASE64, BASE64.slice(4, 30), 'hush']) expect(message).not.toContain(part);
});

describe('networks that the service would refuse', () => {
  const network = (changes: object) => complaint({ ...ENOUGH, topology: 'compact', ...changes });

  it.each([
    [
      { api_vip: '10.1.0.2', ingress_vip: '10.1.0.2' },
      'ingress_vip is 10.1.0.2, as api_vip is; allowed: another address',
    ],
    [
      { machine_network: '10.1.0.0/24', api_vip: '10.1.1.2' },
      'api_vip is 10.1.1.2; allowed: an address of machine_network 10.1.0.0/24, but for its first two and its last',
    ],
    [{ machine_network: '10.1.0.0/24', ingress_vip: '10.1.0.1' }, 'ingress_vip is 10.1.0.1; allowed: an address of'],
    [
      { machine_network: '10.1.0.0/24', ingress_vip: '10.1.0.255' },
      'ingress_vip is 10.1.0.255; allowed: an address of',
    ],
    [{ machine_network: '10.129.0.0/16' }, 'machine_network is 10.129.0.0/16, which overlaps 10.128.0.0/14 of pods'],
    [{ machine_network: '0.0.0.0/0' }, 'which overlaps 10.128.0.0/14'],
    [
      { machine_network: '192.168.0.0/24', service_networks: ['192.168.0.0/16'] },
      'machine_network is 192.168.0.0/24, which overlaps 192.168.0.0/16',
    ],
    [
      { machine_network: '10.1.0.0/29', topology: { control_planes: 3, workers: 1 } },
      'machine_network is 10.1.0.0/29, with room for 3 hosts of a cluster, and there are 4; allowed: /28 or larger',
    ],
    [{ machine_network: '10.1.0.0/32' }, 'with room for 0 hosts of a cluster'],
  ])('%j', (changes, message) => {
    expect(network(changes)).toContain(message);
  });

  it('are not those that just fit', () => {
    const values = { ...ENOUGH, topology: 'compact', machine_network: '10.1.0.0/29', api_vip: '10.1.0.2' };
    expect(readValues(file(values), null).network).toMatchObject({ apiVip: '10.1.0.2' });
  });
});

describe('text that is not a mapping of once-given keys', () => {
  const body = `pull_secret_b64: ${BASE64}\nrelease_image: a\n`;
  it.each([
    [`swarm_size: 1\n${body}swarm_size: 2\n`, 'v:4:1: a key is given twice in one mapping; allowed: once'],
    [`${body}---\nswarm_size: 2\n`, 'v:3:1: a second YAML document begins here; allowed: one'],
    [`${body}extra:\n\ta: 1\n`, 'v:4:1: a tab stands where lines are indented; allowed: spaces'],
    [
      `${body}swarm_size: 99999999999999999999`,
      'v:3:13: swarm_size is 99999999999999999999; allowed: a whole number from 1 to 1000000',
    ],
  ])('%j is told once, and nothing of the text', (text, message) => {
    expect(complaint(text)).toBe(message);
  });

  it('may begin with a mark and have other ends of lines', () => {
    expect(
      readValues(file(`\ufeffswarm_size: 2\r\n${body.replaceAll('\n', '\r\n')}`), null).plan.clusters[0]!.amount,
    ).toBe(2);
  });
});

it('takes the values that a plan names', () => {
  const values = { release_image: 'quay.io/x/ocp:3', bmh: true };
  const plan = {
    ...PLAN,
    manifests: { ...PLAN.manifests, values: { file: 'own.yaml', text: JSON.stringify(values) } },
  };
  expect(valuesOfPlan(plan).values).toMatchObject({ ...values, pull_secret_b64: BASE64 });
  const wrong = { ...plan, manifests: { ...plan.manifests, values: { file: 'own.yaml', text: 'swarm_size: 1' } } };
  expect(() => valuesOfPlan(wrong)).toThrow('own.yaml:1:1: swarm_size is given beside a plan');
});
