import { describe, expect, it } from 'vitest';
import { backOffMs } from './back-off.ts';
import { bmcAccess } from './bmc-address.ts';

describe('back-off after errors', () => {
  it.each([
    [1, 1, 2],
    [2, 2, 4],
    [3, 4, 8],
    [9, 256, 512],
    [20, 256, 512],
  ])('number %i is between %i and %i minutes', (count, least, most) => {
    expect(backOffMs(count, 0)).toBe(most * 60_000);
    expect(backOffMs(count, 1)).toBe(least * 60_000);
  });
});

describe('the address of a management controller', () => {
  it.each([
    ['redfish-virtualmedia://192.0.2.1/redfish/v1/Systems/1', 'redfish-virtualmedia', true],
    ['redfish-virtualmedia+http://192.0.2.1:8000/redfish/v1/Systems/1', 'redfish-virtualmedia', true],
    ['idrac-virtualmedia+https://[2001:db8::1]/redfish/v1/Systems/1', 'idrac-virtualmedia', true],
    ['redfish+https://192.0.2.1/redfish/v1/Systems/1', 'redfish', false],
    ['ipmi://192.0.2.1:6230', 'ipmi', false],
    ['192.0.2.1', 'ipmi', false],
    ['bmc.example.com:623', 'ipmi', false],
    ['libvirt://192.0.2.1:6233', 'libvirt', false],
  ])('%s is of type %s', (address, type, virtualMedia) => {
    expect(bmcAccess(address)).toMatchObject({ type, virtualMedia });
  });

  it.each([
    'carrier-pigeon://192.0.2.1',
    'ipmi+https://192.0.2.1',
    'redfish+ftp://192.0.2.1',
  ])('%s is refused', (address) => {
    expect(bmcAccess(address)).toEqual({ error: expect.stringContaining(`for address ${address}`) });
  });
});
