/** Ingresses, their classes, and network policies. */
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { nameFaults, portNameFaults, wildcardFaults } from '../../api/names.ts';
import { at, type Fields, items, strings, text } from '../fields.ts';
import { ipAddress, isStrictlyWithin, network, parseAddress, parseNetwork } from './addresses.ts';
import { atCreation, atMost, exactlyOneOf, first, immutable, name, port, present, required } from './checks.ts';
import { type Check, type Rule, rows } from './rule.ts';
import { selectorFaults } from './selectors.ts';
import { hostName, portNumberOrName } from './services.ts';

const SOURCE = 'pkg/apis/networking/validation/validation.go';

/** A name of a host that may begin with `*.` */
const hostOrWildcard: Check = (value, place) => {
  const host = String(value);
  const faults = host.includes('*') ? wildcardFaults(host) : nameFaults(host, 'dns-subdomain');
  return faults.map((fault) => causeInvalid(place.path, host, fault));
};

const ruleHost: Check = (value, place) => {
  if (!value) return undefined;
  const isAddress = parseAddress(String(value)) !== undefined;
  const causes = isAddress ? [causeInvalid(place.path, value, 'must be a DNS name, not an IP address')] : [];
  return [...causes, ...(hostOrWildcard(value, place) as StatusCause[])];
};

const SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const ENDS = ['/..', '/.'];

function pathFaults(path: string, type: string): string[] {
  if (type === 'ImplementationSpecific')
    return path !== '' && !path.startsWith('/') ? ['must be an absolute path'] : [];
  return [
    ...(path.startsWith('/') ? [] : ['must be an absolute path']),
    ...SEQUENCES.filter((sequence) => path.includes(sequence)).map((sequence) => `must not contain '${sequence}'`),
    ...ENDS.filter((end) => path.endsWith(end)).map((end) => `cannot end with '${end}'`),
  ];
}

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

/** validateHTTPIngressPath */
function ingressPathFaults(entry: Fields, path: string): StatusCause[] {
  if (entry.pathType === undefined) return [causeRequired(`${path}.pathType`, 'pathType must be specified')];
  const type = text(entry, 'pathType');
  const given = text(entry, 'path');
  const causes = PATH_TYPES.includes(type)
    ? pathFaults(given, type).map((fault) => causeInvalid(`${path}.path`, given, fault))
    : [causeNotSupported(`${path}.pathType`, type, PATH_TYPES)];
  return [...causes, ...backendFaults(entry.backend, `${path}.backend`)];
}

/** validateIngressBackend */
function backendFaults(backend: unknown, path: string): StatusCause[] {
  const resource = at(backend, 'resource');
  const service = at(backend, 'service');
  if (resource !== undefined && service !== undefined) {
    return [causeInvalid(path, '', 'cannot set both resource and service backends')];
  }
  if (resource !== undefined) return referenceFaults(resource, `${path}.resource`);
  if (service === undefined) return [causeInvalid(path, '', 'resource or service backend is required')];
  const named = text(service, 'name');
  const causes =
    named === ''
      ? [causeRequired(`${path}.service.name`)]
      : nameFaults(named, 'dns-1035-label').map((fault) => causeInvalid(`${path}.service.name`, named, fault));
  const portName = text(service, 'port', 'name');
  const portNumber = at(service, 'port', 'number') ?? 0;
  if (portName !== '' && portNumber !== 0)
    causes.push(causeInvalid(path, '', 'cannot set both port name & port number'));
  else if (portName !== '') {
    for (const fault of portNameFaults(portName))
      causes.push(causeInvalid(`${path}.service.port.name`, portName, fault));
  } else if (typeof portNumber === 'number' && portNumber !== 0) {
    if (portNumber < 1 || portNumber > 65_535) {
      causes.push(causeInvalid(`${path}.service.port.number`, portNumber, 'must be between 1 and 65535, inclusive'));
    }
  } else causes.push(causeRequired(path, 'port name or number is required'));
  return causes;
}

/** validateIngressTypedLocalObjectReference */
function referenceFaults(reference: unknown, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  const group = at(reference, 'apiGroup');
  if (typeof group === 'string') {
    for (const fault of nameFaults(group, 'dns-subdomain')) causes.push(causeInvalid(`${path}.apiGroup`, group, fault));
  }
  for (const field of ['kind', 'name']) {
    const value = text(reference, field);
    if (value === '') causes.push(causeRequired(`${path}.${field}`, `${field} is required`));
    for (const fault of nameFaults(value, 'path-segment')) causes.push(causeInvalid(`${path}.${field}`, value, fault));
  }
  return causes;
}

const ruleValueFaults = (rule: unknown, path: string): StatusCause[] => {
  const http = at(rule, 'http');
  if (http === undefined) return [];
  const paths = items(http, 'paths');
  if (paths.length === 0) return [causeRequired(`${path}.http.paths`)];
  return paths.flatMap((entry, index) => ingressPathFaults(entry, `${path}.http.paths[${index}]`));
};

const isWildcard = (rule: unknown) => text(rule, 'host').includes('*');

/** What a rule of an old ingress had wrong, rules of wildcards may still have (allowInvalidWildcardHostRule). */
const ingressRule: Check = (value, { path, old }) => {
  const wasWrong = items(old, 'spec', 'rules').some((rule) => isWildcard(rule) && ruleValueFaults(rule, '').length > 0);
  return isWildcard(value) && wasWrong ? [] : ruleValueFaults(value, path);
};

const secretName: Check = (value, place) => {
  const before = items(place.old, 'spec', 'tls').map((entry) => text(entry, 'secretName'));
  const wasWrong = before.some((entry) => entry !== '' && nameFaults(entry, 'dns-subdomain').length > 0);
  return wasWrong ? undefined : name('dns-subdomain')(value, place);
};

const CLASS = 'kubernetes.io/ingress.class';

const sameClass: Check = (value, { object }) => {
  const annotation = object.metadata.annotations?.[CLASS];
  if (annotation === undefined || typeof value !== 'string' || annotation === value) return undefined;
  return causeInvalid(`annotations.${CLASS}`, annotation, 'must match `ingressClassName` when both are specified');
};

export const INGRESS_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidateIngressSpec`, [
    [
      'spec',
      (value, place) =>
        items(value, 'rules').length === 0 && at(value, 'defaultBackend') === undefined
          ? causeInvalid(
              place.path,
              new GoLiteral('[]networking.IngressRule(nil)'),
              'either `defaultBackend` or `rules` must be specified',
            )
          : undefined,
    ],
    ['spec.defaultBackend', (value, place) => (value === undefined ? undefined : backendFaults(value, place.path))],
  ]),
  ...rows(`${SOURCE} validateIngressRules`, [
    ['spec.rules[*].host', ruleHost],
    ['spec.rules[*]', ingressRule],
  ]),
  ...rows(`${SOURCE} validateIngressTLS`, [
    ['spec.tls[*].hosts[*]', hostOrWildcard],
    ['spec.tls[*].secretName', secretName],
  ]),
  ...rows(`${SOURCE} ValidateIngressSpec`, [['spec.ingressClassName', name('dns-subdomain', { empty: true })]]),
  ...rows(`${SOURCE} ValidateIngressCreate`, [['spec.ingressClassName', atCreation(sameClass)]]),
];

export const INGRESS_STATUS_RULES: readonly Rule[] = rows(`${SOURCE} ValidateIngressLoadBalancerStatus`, [
  ['status.loadBalancer.ingress[*].ip', ipAddress],
  ['status.loadBalancer.ingress[*].hostname', hostName],
]);

/** `domain/path` (apimachinery, pkg/util/validation/validation.go IsDomainPrefixedPath) */
const domainPath: Check = (value, place) => {
  const given = String(value ?? '');
  if (given === '') return causeRequired(place.path);
  const [, host, rest] = /^([^/]+)\/(.+)$/s.exec(given) ?? [];
  if (host === undefined || rest === undefined) {
    return causeInvalid(place.path, given, 'must be a domain-prefixed path (such as "acme.io/foo")');
  }
  const causes = nameFaults(host, 'dns-subdomain').map((fault) => causeInvalid(place.path, host, fault));
  if (/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest)) return causes;
  const detail = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
  return [...causes, causeInvalid(place.path, rest, detail)];
};

const parameterNamespace: Check = (value, place) => {
  const { scope } = place.holder;
  if (scope === 'Cluster') {
    return value === undefined ? undefined : causeForbidden(place.path, "`parameters.scope` is set to 'Cluster'");
  }
  if (scope !== 'Namespace') return undefined;
  if (value === undefined) return causeRequired(place.path, "`parameters.scope` is set to 'Namespace'");
  return nameFaults(String(value), 'dns-label').map((fault) => causeInvalid(place.path, value, fault));
};

export const INGRESS_CLASS_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateIngressClassSpecUpdate`, [['spec.controller', immutable('field is immutable', '')]]),
  ...rows(`${SOURCE} validateIngressClassSpec`, [
    ['spec.controller', atMost(250)],
    ['spec.controller', domainPath],
  ]),
  ...rows(`${SOURCE} validateIngressClassParametersReference`, [
    ['spec.parameters', (value, place) => (value === undefined ? undefined : referenceFaults(value, place.path))],
    ['spec.parameters.scope', first(present(), exactlyOneOf('Cluster', 'Namespace'))],
    ['spec.parameters.namespace', parameterNamespace],
  ]),
];

const endPort: Check = (value, place) => {
  if (typeof value !== 'number') return undefined;
  const start = place.holder.port;
  if (start === undefined) return causeInvalid(place.path, value, 'may not be specified when `port` is not specified');
  if (typeof start !== 'number')
    return causeInvalid(place.path, value, 'may not be specified when `port` is non-numeric');
  const isBefore = value < start;
  const causes = isBefore ? [causeInvalid(place.path, start, 'must be greater than or equal to `port`')] : [];
  return [...causes, ...([port(value, place) ?? []].flat() as StatusCause[])];
};

/** Selectors of a policy whose own selector is wrong already may have any values (ValidationOptionsForNetworking). */
const policySelector: Check = (value, { path, old }) => {
  if (value === undefined) return undefined;
  const wasWrong = selectorFaults(at(old, 'spec', 'podSelector'), '').length > 0;
  return selectorFaults(value, path, { anyValue: wasWrong });
};

const onePeer: Check = (value, place) => {
  const { podSelector, namespaceSelector, ipBlock } = value as Fields;
  const count = [podSelector, namespaceSelector, ipBlock].filter((part) => part !== undefined).length;
  if (count === 0) return causeRequired(place.path, 'must specify a peer');
  return count > 1 && ipBlock !== undefined
    ? causeForbidden(place.path, 'may not specify both ipBlock and another peer')
    : undefined;
};

/** Networks within that of a block, which are no part of it. */
const exceptions: Check = (value, place) => {
  const block = parseNetwork(text(place.holder, 'cidr'));
  if (!block) return undefined;
  return strings({ value }, 'value').flatMap((except, index) => {
    const path = `${place.path}[${index}]`;
    const inner = parseNetwork(except);
    if (!inner) return [causeInvalid(path, except, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
    return isStrictlyWithin(inner, block) ? [] : [causeInvalid(path, except, 'must be a strict subset of `cidr`')];
  });
};

const peerRules = (field: string): Rule[] => [
  ...rows(`${SOURCE} ValidateNetworkPolicyPeer`, [
    [`${field}.podSelector`, policySelector],
    [`${field}.namespaceSelector`, policySelector],
  ]),
  ...rows(`${SOURCE} ValidateIPBlock`, [
    [`${field}.ipBlock.cidr`, first(required(), network)],
    [`${field}.ipBlock.except`, exceptions],
  ]),
  ...rows(`${SOURCE} ValidateNetworkPolicyPeer`, [[field, onePeer]]),
];

const portRules = (field: string): Rule[] =>
  rows(`${SOURCE} ValidateNetworkPolicyPort`, [
    [
      `${field}.protocol`,
      (value, place) => (value === undefined ? undefined : exactlyOneOf('TCP', 'UDP', 'SCTP')(value, place)),
    ],
    [`${field}.port`, portNumberOrName],
    [`${field}.endPort`, endPort],
  ]);

export const NETWORK_POLICY_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidateNetworkPolicySpec`, [['spec.podSelector', policySelector]]),
  ...portRules('spec.ingress[*].ports[*]'),
  ...peerRules('spec.ingress[*].from[*]'),
  ...portRules('spec.egress[*].ports[*]'),
  ...peerRules('spec.egress[*].to[*]'),
  ...rows(`${SOURCE} ValidateNetworkPolicySpec`, [
    [
      'spec.policyTypes',
      (value, place) => {
        const types = strings({ value }, 'value');
        if (types.length > 2) {
          const literal = stringsLiteral(types).text.replace('[]string', '[]networking.PolicyType');
          return causeInvalid(place.path, new GoLiteral(literal), 'may not specify more than two policyTypes');
        }
        return types.flatMap((type, index) =>
          type === 'Ingress' || type === 'Egress'
            ? []
            : [causeNotSupported(`${place.path}[${index}]`, type, ['Ingress', 'Egress'])],
        );
      },
    ],
  ]),
];
