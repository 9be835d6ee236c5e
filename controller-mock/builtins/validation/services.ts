/** Services. */
import { causeDuplicate, causeForbidden, causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import { portNameFaults } from '../../api/names.ts';
import { type Fields, fields, items, number, strings, text } from '../fields.ts';
import { ipAddress, network, nonSpecialAddress, parseAddress } from './addresses.ts';
import {
  all,
  exactlyOneOf,
  first,
  forbidden,
  labels,
  name,
  oneOf,
  port,
  present,
  qualifiedNameOrEmpty,
  required,
  unless,
  when,
} from './checks.ts';
import { clusterAddressFaults, isHeadless, keptAddresses } from './cluster-addresses.ts';
import { type Check, type Place, type Rule, rows } from './rule.ts';

const SOURCE = 'pkg/apis/core/validation/validation.go';

const specOf = ({ object }: Place) => fields(object, 'spec');
const isType =
  (...types: string[]) =>
  (place: Place) =>
    types.includes(text(place.object, 'spec', 'type'));
const isNotType =
  (...types: string[]) =>
  (place: Place) =>
    !types.includes(text(place.object, 'spec', 'type'));

/** Reached from outside of the cluster (pkg/api/service/util.go ExternallyAccessible). */
export const isExternal = (spec: Readonly<Fields>): boolean =>
  spec.type === 'LoadBalancer' ||
  spec.type === 'NodePort' ||
  (spec.type === 'ClusterIP' && strings(spec, 'externalIPs').length > 0);

/** Whether load balancers ask the nodes for its health (pkg/api/service/util.go NeedsHealthCheck). */
export const hasHealthCheck = (spec: Readonly<Fields>): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

const duplicateName: Check = (value, place) => {
  const ports = items(place.object, 'spec', 'ports');
  if (!value || ports.length < 2) return undefined;
  const isSecond = ports.findIndex((other) => other.name === value) < ports.indexOf(place.holder);
  return isSecond ? causeDuplicate(place.path, value) : undefined;
};

/** What in ports is the same as in one before, and what of them a cluster's own service has not. */
const doubledPorts: Check = (value, place) => {
  const causes: StatusCause[] = [];
  const ports = items({ value }, 'value');
  const isInner = place.object.spec !== undefined && text(place.object, 'spec', 'type') === 'ClusterIP';
  if (isInner) {
    for (const [index, { nodePort }] of ports.entries()) {
      if (!nodePort) continue;
      const detail = "may not be used when `type` is 'ClusterIP'";
      causes.push(causeForbidden(`${place.path}[${index}].nodePort`, detail));
    }
  }
  if (ports.length < 2) return causes;
  const doubled = (field: string, fault: (item: Fields, index: number) => StatusCause) => {
    const seen = new Set<string>();
    for (const [index, item] of ports.entries()) {
      if (field === 'nodePort' && !item.nodePort) continue;
      const key = `${item.protocol} ${item[field]}`;
      if (seen.has(key)) causes.push(fault(item, index));
      seen.add(key);
    }
  };
  doubled('nodePort', (item, index) => causeDuplicate(`${place.path}[${index}].nodePort`, item.nodePort));
  doubled('port', (item, index) => causeDuplicate(`${place.path}[${index}]`, portLiteral(item)));
  return causes;
};

/** What two ports must not share, as Go shows it. */
const portLiteral = (item: Fields) =>
  new GoLiteral(
    `core.ServicePort{Name:"", Protocol:${JSON.stringify(item.protocol ?? '')}, AppProtocol:(*string)(nil), Port:${number(item, 'port')}, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}`,
  );

const KUBELET_PORT = 10_250;

const kubeletPort: Check = when(isType('LoadBalancer'), (value, place) =>
  items({ value }, 'value').flatMap((item, index) =>
    item.port === KUBELET_PORT
      ? [
          causeInvalid(
            `${place.path}[${index}]`,
            KUBELET_PORT,
            `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`,
          ),
        ]
      : [],
  ),
);

const externalName: Check = (value, place) => {
  const host = String(value ?? '').replace(/\.$/, '');
  return host === '' ? causeRequired(place.path) : name('dns-subdomain')(host, place);
};

/** A number of a port, or its name (ValidatePortNumOrName). */
export const portNumberOrName: Check = (value, place) =>
  typeof value === 'string'
    ? portNameFaults(value).map((fault) => causeInvalid(place.path, value, fault))
    : port(value, place);

const HINTS = 'service.kubernetes.io/topology-aware-hints';
const MODE = 'service.kubernetes.io/topology-mode';
const RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'";

const annotations: Check = (value, place) => {
  const { [HINTS]: hints, [MODE]: mode } = (value ?? {}) as Record<string, string>;
  if (hints === undefined || mode === undefined || hints === mode) return undefined;
  return causeInvalid(`${place.path}[${MODE}]`, mode, `must match annotations[${HINTS}] when both are specified`);
};

/** Networks from which a load balancer is reached, of the field or of its older annotation. */
const sourceRanges: Check = (value, place) => {
  const annotation = place.object.metadata.annotations?.[RANGES];
  const isListed = Array.isArray(value) && value.length > 0;
  if (!isListed && annotation === undefined) return undefined;
  const path = isListed ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${RANGES}]`;
  const ranges = isListed ? (value as string[]) : annotation!.trim() === '' ? [] : annotation!.split(',');
  const causes = isType('LoadBalancer')(place) ? [] : [causeForbidden(path, ONLY_BALANCED)];
  for (const [index, range] of ranges.entries()) {
    const found = network(range, place) as StatusCause | undefined;
    if (found) causes.push({ ...found, field: isListed ? `${path}[${index}]` : path });
  }
  return causes;
};

const healthCheckPort: Check = (value, place) => {
  if (hasHealthCheck(specOf(place))) return first(required(), port)(value, place);
  const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return value ? causeInvalid(place.path, value, detail) : undefined;
};

const keptHealthCheckPort: Check = (value, place) =>
  place.old && hasHealthCheck(specOf(place)) && hasHealthCheck(fields(place.old, 'spec')) && value !== place.before
    ? causeForbidden(place.path, 'field is immutable')
    : undefined;

const affinity = 'when session affinity type is ClientIP';
const hasAffinity = (place: Place) => specOf(place).sessionAffinity === 'ClientIP';

const noNone = (type: string) =>
  when(
    (place) => isType(type)(place) && isHeadless(specOf(place)),
    unless((value) => value === 'None', `may not be set to 'None' for ${type} services`),
  );
const notForNames = forbidden('may not be set for ExternalName services', isType('ExternalName'));

export const SERVICE_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateUpgradeDowngradeClusterIPs, validateUpgradeDowngradeIPFamilies`, [['', keptAddresses]]),
  ...rows(`${SOURCE} validateLoadBalancerClassField`, [
    [
      'spec.loadBalancerClass',
      unless(
        (value, { object, old, before }) =>
          old?.spec !== undefined &&
          [object, old].every((service) => text(service, 'spec', 'type') === 'LoadBalancer') &&
          value !== before,
        'may not change once set',
      ),
    ],
  ]),
  ...rows(`${SOURCE} validateServiceExternalTrafficFieldsUpdate`, [['spec.healthCheckNodePort', keptHealthCheckPort]]),
  ...rows(`${SOURCE} ValidateService`, [
    ['metadata.annotations', annotations],
    ['spec.ports', when((place) => !isHeadless(specOf(place)) && isNotType('ExternalName')(place), required())],
    ['spec.ports', kubeletPort],
    ['spec.clusterIPs[*]', all(noNone('LoadBalancer'), noNone('NodePort'))],
    ['spec.clusterIPs', notForNames],
    ['spec.ipFamilies', notForNames],
    ['spec.ipFamilyPolicy', notForNames],
    ['spec.externalName', when(isType('ExternalName'), externalName)],
  ]),
  ...rows(`${SOURCE} validateServicePort`, [
    [
      'spec.ports[*].name',
      first(
        when(({ object }) => items(object, 'spec', 'ports').length > 1, required()),
        all(name('dns-label'), duplicateName),
      ),
    ],
    ['spec.ports[*].port', (value, place) => port(value ?? 0, place)],
    ['spec.ports[*].protocol', first(required(), oneOf('SCTP', 'TCP', 'UDP'))],
    ['spec.ports[*].targetPort', portNumberOrName],
    ['spec.ports[*].appProtocol', qualifiedNameOrEmpty],
  ]),
  ...rows(`${SOURCE} ValidateService`, [
    ['spec.selector', labels],
    ['spec.sessionAffinity', first(required(), oneOf('ClientIP', 'None'))],
  ]),
  ...rows(`${SOURCE} validateClientIPAffinityConfig`, [
    ['spec.sessionAffinityConfig', when(hasAffinity, present(affinity))],
    [
      'spec.sessionAffinityConfig',
      forbidden('must not be set when session affinity is None', (place) => specOf(place).sessionAffinity === 'None'),
    ],
    ['spec.sessionAffinityConfig.clientIP', when(hasAffinity, present(affinity))],
    [
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
      when(
        hasAffinity,
        unless(
          (value) => typeof value === 'number' && (value <= 0 || value > 86_400),
          'must be greater than 0 and less than 86400',
        ),
      ),
    ],
  ]),
  ...rows(`${SOURCE} ValidateServiceClusterIPsRelatedFields`, [
    ['', (_value, place) => clusterAddressFaults(specOf(place))],
  ]),
  ...rows(`${SOURCE} ValidateService`, [
    ['spec.externalIPs[*]', first(ipAddress, nonSpecialAddress)],
    ['spec.type', first(required(), oneOf('ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'))],
    ['spec.ports', doubledPorts],
    ['spec.loadBalancerSourceRanges', sourceRanges],
    [
      'spec.allocateLoadBalancerNodePorts',
      (value, place) =>
        value !== undefined && isNotType('LoadBalancer')(place) ? causeForbidden(place.path, ONLY_BALANCED) : undefined,
    ],
  ]),
  ...rows(`${SOURCE} validateLoadBalancerClassField`, [
    ['spec.loadBalancerClass', first(forbidden(ONLY_BALANCED, isNotType('LoadBalancer')), qualifiedNameOrEmpty)],
  ]),
  ...rows(`${SOURCE} validateServiceExternalTrafficPolicy`, [
    [
      'spec.externalTrafficPolicy',
      (value, place) => {
        if (isExternal(specOf(place))) return first(required(), oneOf('Cluster', 'Local'))(value, place);
        const detail = 'may only be set for externally-accessible services';
        return value ? causeInvalid(place.path, value, detail) : undefined;
      },
    ],
    ['spec.healthCheckNodePort', healthCheckPort],
  ]),
  ...rows(`${SOURCE} validateServiceInternalTrafficFieldsValue`, [
    [
      'spec.internalTrafficPolicy',
      (value, place) => (value === undefined ? undefined : exactlyOneOf('Cluster', 'Local')(value, place)),
    ],
  ]),
  ...rows(`${SOURCE} validateServiceTrafficDistribution`, [
    [
      'spec.trafficDistribution',
      (value, place) => (value === undefined ? undefined : exactlyOneOf('PreferClose')(value, place)),
    ],
  ]),
];

/** A name of a host, and no address. */
export const hostName: Check = all(
  name('dns-subdomain'),
  unless(
    (value) => typeof value === 'string' && parseAddress(value) !== undefined,
    'must be a DNS name, not an IP address',
  ),
);

const BALANCER = `${SOURCE} ValidateLoadBalancerStatus`;
const isBalanced = isType('LoadBalancer');

export const SERVICE_STATUS_RULES: readonly Rule[] = rows(BALANCER, [
  [
    'status.loadBalancer.ingress',
    (value, place) =>
      Array.isArray(value) && value.length > 0 && !isBalanced(place)
        ? causeForbidden(place.path, "may only be used when `spec.type` is 'LoadBalancer'")
        : undefined,
  ],
  ['status.loadBalancer.ingress[*].ip', when(isBalanced, ipAddress)],
  [
    'status.loadBalancer.ingress[*].ipMode',
    when(isBalanced, (value, place) => {
      const hasAddress = text(place.holder, 'ip') !== '';
      if (value === undefined)
        return hasAddress ? causeRequired(place.path, 'must be specified when `ip` is set') : undefined;
      if (!hasAddress) return causeForbidden(place.path, 'may not be specified when `ip` is not set');
      return exactlyOneOf('Proxy', 'VIP')(value, place);
    }),
  ],
  ['status.loadBalancer.ingress[*].hostname', when(isBalanced, hostName)],
]);
