import { describe, expect, it } from 'vitest';
import { Site } from '../testing/test-site.ts';
import { lateEncryption } from './late-encryption.ts';

const ignition = (clevis: object | undefined, version = '3.2.0') =>
  JSON.stringify({ ignition: { version }, storage: { luks: [{ name: 'root', ...(clevis && { clevis }) }] } });

it.each([
  ['', 'unknown'],
  ['not JSON', 'unknown'],
  ['{}', 'unknown'],
  [ignition({ tpm2: true }, '3.1.0'), 'unknown'],
  ['{"ignition":{"version":"3.2.0"}}', 'none'],
  [ignition(undefined), 'none'],
  [ignition({ tpm2: true, tang: [{ url: 'http://x' }] }), 'tpmv2'],
  [ignition({ tang: [{ url: 'http://x' }] }), 'tang'],
  [ignition({ tang: [] }), 'neither'],
])('reads %j as %s', (text, kind) => {
  expect(lateEncryption(text)).toBe(kind);
});

describe('the encryption of a day-2 host', () => {
  const TANG = 'Could not validate that all Tang servers are reachable and working: ';
  it.each([
    ['2.0', ignition({ tpm2: true }), 'success', 'Installation disk can be encrypted using tpmv2'],
    [
      '1.2',
      ignition({ tpm2: true }),
      'failure',
      "The host's TPM version is not supported, expected-version: 2.0, actual-version: 1.2",
    ],
    [
      'none',
      ignition({ tpm2: true }),
      'failure',
      "TPM version could not be found, make sure TPM is enabled in host's BIOS",
    ],
    ['2.0', ignition({ tang: [{ url: 'http://x' }] }), 'failure', TANG],
    ['2.0', ignition({}), 'failure', 'Invalid LUKS object in ignition - both TPM2 and Tang are not available'],
    ['2.0', ignition(undefined), undefined, undefined],
    ['2.0', '{}', undefined, undefined],
  ])('with TPM %s and %s', async (tpm_version, text, status, message) => {
    const site = new Site();
    const made = site.service.importCluster({
      name: 'grown',
      api_vip_dnsname: 'api.grown.example.com',
      openshift_version: '4.18',
      openshift_cluster_id: '11111111-1111-4111-8111-111111111111',
    });
    const machine = site.machine(site.infraEnv(made.id as string));
    machine.inventory = (document) => void Object.assign(document, { tpm_version });
    machine.answers['api-vip-connectivity-check'] = () => ({ is_success: true, url: 'http://x', ignition: text });
    machine.answers['tang-connectivity-check'] = () => ({ is_success: false });
    await site.live(3);
    site.reply(machine, 'tang-connectivity-check', { is_success: false });
    site.service.updateHost(machine.infraEnvId, machine.id, {});
    const found = site.validation(machine, 'disk-encryption-requirements-satisfied');
    if (status === undefined) expect(found).toBeUndefined();
    else {
      expect(found!.status).toBe(status);
      expect(found!.message.startsWith(message!)).toBe(true);
    }
  });
});
