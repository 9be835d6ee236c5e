/** Leases for the two virtual addresses (assisted-installer-agent src/dhcp_lease_allocate). */
import { goJson } from '../../../model/protocol/go-json.ts';
import { virtualAddresses } from '../../host/ipv4.ts';
import { objectArgument, type Step, StepArgumentError, textField } from './step.ts';

const STEP = 'dhcp leases';
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

interface DhcpRequest {
  apiMac: string;
  ingressMac: string;
}

export const dhcpLeaseAllocate: Step<DhcpRequest> = {
  parse(args) {
    const request = objectArgument(STEP, args);
    textField(STEP, request, 'interface');
    const mac = (name: string) => {
      const value = textField(STEP, request, name);
      if (!MAC.test(value)) throw new StepArgumentError(`${STEP}: ${name} "${value}" is no MAC address`);
      return value.toLowerCase();
    };
    return { apiMac: mac('api_vip_mac'), ingressMac: mac('ingress_vip_mac') };
  },
  run({ apiMac, ingressMac }, { cluster }) {
    const { api, ingress } = virtualAddresses(cluster);
    return {
      output: goJson({
        api_vip_address: api,
        api_vip_lease: lease('api', api, apiMac, cluster.gateway),
        ingress_vip_address: ingress,
        ingress_vip_lease: lease('ingress', ingress, ingressMac, cluster.gateway),
      }),
    };
  },
};

function lease(name: string, address: string, mac: string, gateway: string): string {
  return [
    'lease {',
    `  interface "${name}";`,
    `  fixed-address ${address};`,
    `  option dhcp-client-identifier "${mac.replaceAll(':', '-')}-${name}";`,
    `  option routers ${gateway};`,
    `  option dhcp-server-identifier ${gateway};`,
    '  renew never;',
    '  rebind never;',
    '  expire never;',
    '}',
  ].join('\n');
}
