/** Which certificate requests of nodes may be approved. Upstream: assisted-service, controllers/csr_utils.go. */
import type { Condition, KubeObject } from '../../../model/kube/kube-object.ts';
import { formatIp, parseIp } from '../../network/networks.ts';
import { type CertificateSubject, parseCertificateRequest } from './certificate-request.ts';

interface RequestSpec {
  /** PEM in base64. */
  request?: string;
  usages?: string[];
  username?: string;
  groups?: string[];
}

const NODE_GROUP = 'system:nodes';
const NODE_USER = 'system:node:';
const BOOTSTRAPPER = 'system:serviceaccount:openshift-machine-config-operator:node-bootstrapper';
const BOOTSTRAPPER_GROUPS = [
  'system:serviceaccounts:openshift-machine-config-operator',
  'system:serviceaccounts',
  'system:authenticated',
];

/** @param hostName of the node that asks. @param node itself, once it has joined. */
export function requestFits(
  { spec }: KubeObject,
  type: 'client' | 'serving',
  hostName: string,
  node: KubeObject | undefined,
): boolean {
  const request = (spec ?? {}) as RequestSpec;
  let subject: CertificateSubject;
  try {
    subject = parseCertificateRequest(Buffer.from(request.request ?? '', 'base64').toString('utf8'));
  } catch {
    return false;
  }
  if (subject.commonName.toLowerCase() !== `${NODE_USER}${hostName}`.toLowerCase()) return false;
  return type === 'client' ? clientFits(request, subject) : node !== undefined && servingFits(request, subject, node);
}

function clientFits(request: RequestSpec, subject: CertificateSubject): boolean {
  const { organizations, dnsNames, emailAddresses, ipAddresses } = subject;
  return (
    organizations.length === 1 &&
    organizations[0] === NODE_GROUP &&
    dnsNames.length + emailAddresses.length + ipAddresses.length === 0 &&
    usedFor(request, 'client auth') &&
    request.username === BOOTSTRAPPER &&
    isSet(request.groups ?? [], BOOTSTRAPPER_GROUPS)
  );
}

function servingFits(
  { username = '', groups = [], ...rest }: RequestSpec,
  subject: CertificateSubject,
  node: KubeObject,
): boolean {
  const addresses = ((node.status ?? {}) as { addresses?: { type: string; address: string }[] }).addresses ?? [];
  const names = [...addresses.map(({ address }) => address), node.metadata.name];
  const ips = addresses.map(({ address }) => parseIp(address)).flatMap((ip) => (ip ? [formatIp(ip)] : []));
  return (
    username.length > NODE_USER.length &&
    groups.length >= 2 &&
    groups.includes('system:authenticated') &&
    usedFor(rest, 'server auth') &&
    subject.organizations.includes(NODE_GROUP) &&
    subject.commonName === username &&
    subject.dnsNames.every((name) => names.includes(name)) &&
    subject.ipAddresses.every((address) => {
      const ip = parseIp(address);
      return ip !== undefined && ip !== null && ips.includes(formatIp(ip));
    })
  );
}

function usedFor({ usages = [] }: RequestSpec, purpose: string): boolean {
  return (
    isSet(usages, ['digital signature', purpose]) || isSet(usages, ['digital signature', 'key encipherment', purpose])
  );
}

function isSet(given: readonly string[], wanted: readonly string[]): boolean {
  return given.length === wanted.length && wanted.every((one) => given.includes(one));
}

function approval({ status }: KubeObject): (Condition & { lastUpdateTime?: string }) | undefined {
  const { conditions = [] } = (status ?? {}) as { conditions?: (Condition & { lastUpdateTime?: string })[] };
  return conditions.find(({ type }) => type === 'Approved');
}

export function isApproved(request: KubeObject): boolean {
  return approval(request) !== undefined;
}

/** When a request was approved; null when that is not told. */
export function approvedAt(request: KubeObject): string | null {
  return approval(request)?.lastUpdateTime ?? null;
}
