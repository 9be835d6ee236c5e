/** Addresses of management controllers. Upstream: metal3-io/baremetal-operator, pkg/hardwareutils/bmc/access.go. */

export interface BmcAccess {
  /** Scheme without its `+http` or `+https`. */
  type: string;
  /** It can boot a machine from an image that it fetches itself. Its machines are under no provisioning limit. */
  virtualMedia: boolean;
  /** The address of the boot interface must be known. */
  needsMac: boolean;
  supportsSecureBoot: boolean;
}

/** By scheme: pkg/hardwareutils/bmc, one file each. */
const TYPES: Readonly<Record<string, Omit<BmcAccess, 'type'>>> = {
  ipmi: { virtualMedia: false, needsMac: false, supportsSecureBoot: false },
  libvirt: { virtualMedia: false, needsMac: true, supportsSecureBoot: false },
  redfish: { virtualMedia: false, needsMac: false, supportsSecureBoot: true },
  'ilo5-redfish': { virtualMedia: false, needsMac: false, supportsSecureBoot: true },
  'idrac-redfish': { virtualMedia: false, needsMac: false, supportsSecureBoot: true },
  'redfish-virtualmedia': { virtualMedia: true, needsMac: false, supportsSecureBoot: true },
  'ilo5-virtualmedia': { virtualMedia: true, needsMac: false, supportsSecureBoot: true },
  'idrac-virtualmedia': { virtualMedia: true, needsMac: false, supportsSecureBoot: true },
  'redfish-uefihttp': { virtualMedia: true, needsMac: false, supportsSecureBoot: true },
};

/** Types that speak HTTP, whose schemes may say which: `redfish+https`. */
const TRANSPORT = /\+https?$/;

/** What is known about a management controller by its address, or why that is not a valid one. */
export function bmcAccess(address: string): BmcAccess | { error: string } {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase();
  const rest = address.slice(scheme === undefined ? 0 : scheme.length + 1).replace(/^\/\//, '');
  // `host` and `host:port` are IPMI; a port is no scheme.
  const named = scheme !== undefined && !/^\d+$/.test(rest) ? scheme : 'ipmi';
  const type = named.replace(TRANSPORT, '');
  const known = TYPES[type];
  if (!known || (type !== named && /^(ipmi|libvirt)$/.test(type))) {
    return { error: `Unknown BMC type '${named}' for address ${address}` };
  }
  return { type, ...known };
}
