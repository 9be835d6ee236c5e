/** Tables of services and what belongs to them. */
import type { KubeObject } from '../../api/object.ts';
import type { TablePrinter } from '../../api/resource-type.ts';
import { at, items, number, strings, text } from '../fields.ts';
import {
  ageColumn,
  column,
  field,
  labelsText,
  nameColumn,
  printerOf,
  selectorText,
  shortened,
  wide,
} from './columns.ts';

/** Addresses of the load balancer, each once, in order. */
function ingressAddresses(object: KubeObject): string {
  const addresses = items(object, 'status', 'loadBalancer', 'ingress')
    .map((entry) => text(entry, 'ip') || text(entry, 'hostname'))
    .filter((address) => address !== '');
  return [...new Set(addresses)].sort().join(',');
}

function externalIp(service: KubeObject): string {
  const externalIps = strings(service, 'spec', 'externalIPs').join(',');
  switch (text(service, 'spec', 'type')) {
    case 'ClusterIP':
    case 'NodePort':
      return externalIps || '<none>';
    case 'LoadBalancer':
      return [ingressAddresses(service), externalIps].filter((part) => part !== '').join(',') || '<pending>';
    case 'ExternalName':
      return text(service, 'spec', 'externalName');
    default:
      return '<unknown>';
  }
}

function servicePorts(service: KubeObject): string {
  const ports = items(service, 'spec', 'ports').map((port) => {
    const nodePort = number(port, 'nodePort');
    return `${number(port, 'port')}${nodePort > 0 ? `:${nodePort}` : ''}/${text(port, 'protocol')}`;
  });
  return ports.join(',') || '<none>';
}

const hostPort = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

function endpointsText(endpoints: KubeObject): string {
  const subsets = items(endpoints, 'subsets');
  if (subsets.length === 0) return '<none>';
  const addresses = subsets.flatMap((subset) => {
    const ips = items(subset, 'addresses').map((address) => text(address, 'ip'));
    const ports = items(subset, 'ports');
    return ports.length === 0 ? ips : ports.flatMap((port) => ips.map((ip) => hostPort(ip, number(port, 'port'))));
  });
  return shortened(addresses, 3);
}

const slicePorts = (slice: KubeObject) =>
  shortened(
    items(slice, 'ports').map((port) => String(port.port ?? port.name ?? '*')),
    3,
  ) || '<unset>';

const sliceAddresses = (slice: KubeObject) =>
  shortened(
    items(slice, 'endpoints').flatMap((endpoint) => strings(endpoint, 'addresses')),
    3,
  ) || '<unset>';

function ingressHosts(ingress: KubeObject): string {
  const rules = items(ingress, 'spec', 'rules');
  const hosts = rules.map((rule) => text(rule, 'host')).filter((host) => host !== '');
  if (hosts.length === 0) return '*';
  return hosts.length > 3 ? `${hosts.slice(0, 3).join(',')} + ${rules.length - 3} more...` : hosts.join(',');
}

function classParameters(object: KubeObject): string {
  const parameters = at(object, 'spec', 'parameters');
  if (!parameters) return '<none>';
  const group = text(parameters, 'apiGroup');
  return `${text(parameters, 'kind')}${group && `.${group}`}/${text(parameters, 'name')}`;
}

/** By apiVersion and kind. */
export const NETWORK_TABLES: Readonly<Record<string, TablePrinter>> = {
  'v1 Service': printerOf(
    nameColumn,
    column('Type', field('spec.type')),
    column('Cluster-IP', (service) => strings(service, 'spec', 'clusterIPs')[0] ?? '<none>'),
    column('External-IP', externalIp),
    column('Port(s)', servicePorts),
    ageColumn,
    wide('Selector', (service) => labelsText(at(service, 'spec', 'selector'))),
  ),
  'v1 Endpoints': printerOf(nameColumn, column('Endpoints', endpointsText), ageColumn),
  'discovery.k8s.io/v1 EndpointSlice': printerOf(
    nameColumn,
    column('AddressType', field('addressType')),
    column('Ports', slicePorts),
    column('Endpoints', sliceAddresses),
    ageColumn,
  ),
  'networking.k8s.io/v1 Ingress': printerOf(
    nameColumn,
    column('Class', field('spec.ingressClassName', '<none>')),
    column('Hosts', ingressHosts),
    column('Address', ingressAddresses),
    column('Ports', (ingress) => (items(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80')),
    ageColumn,
  ),
  'networking.k8s.io/v1 IngressClass': printerOf(
    nameColumn,
    column('Controller', field('spec.controller')),
    column('Parameters', classParameters),
    ageColumn,
  ),
  'networking.k8s.io/v1 NetworkPolicy': printerOf(
    nameColumn,
    column('Pod-Selector', (policy) => selectorText(at(policy, 'spec', 'podSelector'))),
    ageColumn,
  ),
};
