/** Addresses behind services: Endpoints and EndpointSlices. */
import { causeDuplicate, causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { labelValueFaults, nameFaults } from '../../api/names.ts';
import { items, text } from '../fields.ts';
import { ipAddress, ipAddressOf, nonSpecialAddress } from './addresses.ts';
import {
  all,
  atMostItems,
  exactlyOneOf,
  first,
  immutable,
  name,
  oneOf,
  port,
  qualifiedNameOrEmpty,
  required,
  when,
} from './checks.ts';
import { type Check, type Rule, rows } from './rule.ts';

const CORE = 'pkg/apis/core/validation/validation.go';
const DISCOVERY = 'pkg/apis/discovery/validation/validation.go';

const someAddress: Check = (value, place) =>
  items(value, 'addresses').length + items(value, 'notReadyAddresses').length === 0
    ? causeRequired(place.path, 'must specify `addresses` or `notReadyAddresses`')
    : undefined;

const addressesAt = (field: string): Rule[] =>
  rows(`${CORE} validateEndpointAddress`, [
    [`${field}.ip`, (value, place) => ipAddress(value ?? '', place)],
    [`${field}.hostname`, name('dns-label')],
    [`${field}.nodeName`, name('dns-subdomain', { empty: true })],
    [`${field}.ip`, nonSpecialAddress],
  ]);

const isOneOfSeveral: Check = (value, place) => {
  const index = Number(/^subsets\[(\d+)\]/.exec(place.path)?.[1]);
  const ports = items(items(place.object, 'subsets')[index], 'ports');
  return ports.length > 1 && !value ? causeRequired(place.path) : undefined;
};

export const ENDPOINTS_RULES: readonly Rule[] = [
  ...rows(`${CORE} validateEndpointSubsets`, [['subsets[*]', someAddress]]),
  ...addressesAt('subsets[*].addresses[*]'),
  ...addressesAt('subsets[*].notReadyAddresses[*]'),
  ...rows(`${CORE} validateEndpointPort`, [
    ['subsets[*].ports[*].name', first(isOneOfSeveral, name('dns-label'))],
    ['subsets[*].ports[*].port', (value, place) => port(value ?? 0, place)],
    ['subsets[*].ports[*].protocol', first(required(), oneOf('SCTP', 'TCP', 'UDP'))],
    ['subsets[*].ports[*].appProtocol', qualifiedNameOrEmpty],
  ]),
];

/** A name in the domain name system, with or without a dot at its end (apimachinery, IsFullyQualifiedDomainName). */
function domainFaults(given: string, path: string): StatusCause[] {
  if (given === '') return [causeRequired(path)];
  const domain = given.replace(/\.$/, '');
  const faults = nameFaults(domain, 'dns-subdomain');
  if (faults.length > 0) return [causeInvalid(path, domain, faults.join(','))];
  const segments = domain.split('.');
  if (segments.length < 2) {
    return [causeInvalid(path, domain, 'should be a domain with at least two segments separated by dots')];
  }
  const wrong = segments.find((segment) => nameFaults(segment, 'dns-label').length > 0);
  return wrong === undefined ? [] : [causeInvalid(path, wrong, nameFaults(wrong, 'dns-label').join(','))];
}

const IP_ADDRESS = { IPv4: all(ipAddressOf(4), nonSpecialAddress), IPv6: all(ipAddressOf(6), nonSpecialAddress) };

const sliceAddress: Check = (value, place) => {
  const type = text(place.object, 'addressType');
  if (type === 'FQDN') return domainFaults(String(value), place.path);
  return type === 'IPv4' || type === 'IPv6' ? IP_ADDRESS[type](value, place) : undefined;
};

/** Says no more of what there is too much of. */
const MOST_ENDPOINTS = 1000;
const MOST_PORTS = 20_000;
const MOST_ZONES = 8;
const fits = (field: 'endpoints' | 'ports', limit: number, check: Check): Check =>
  when(({ object }) => items(object, field).length <= limit, check);

const zoneHints: Check = (value, place) => {
  const tooMany = atMostItems(MOST_ZONES)(value, place);
  if (tooMany) return tooMany;
  const zones = items({ value }, 'value').map((zone) => text(zone, 'name'));
  return zones.flatMap((zone, index) => {
    const path = `${place.path}[${index}].name`;
    const faults = labelValueFaults(zone).map((fault) => causeInvalid(path, zone, fault));
    return zones.indexOf(zone) < index ? [causeDuplicate(path, zone), ...faults] : faults;
  });
};

const slicePortName: Check = (value, place) => {
  const names = items(place.object, 'ports').map((entry) => text(entry, 'name'));
  const isDoubled = names.indexOf(String(value ?? '')) < items(place.object, 'ports').indexOf(place.holder);
  const causes = nameOrNone(value, place);
  return isDoubled ? [...causes, causeDuplicate(place.path, value ?? '')] : causes;
};

const nameOrNone = (value: unknown, place: Parameters<Check>[1]) =>
  (name('dns-label')(value, place) ?? []) as readonly StatusCause[];

export const ENDPOINT_SLICE_RULES: readonly Rule[] = [
  ...rows(`${DISCOVERY} validateAddressType`, [['addressType', first(required(), oneOf('FQDN', 'IPv4', 'IPv6'))]]),
  ...rows(`${DISCOVERY} validateEndpoints`, [
    ['endpoints', atMostItems(MOST_ENDPOINTS)],
    [
      'endpoints[*].addresses',
      fits('endpoints', MOST_ENDPOINTS, first(required('must contain at least 1 address'), atMostItems(100))),
    ],
    ['endpoints[*].addresses[*]', fits('endpoints', MOST_ENDPOINTS, sliceAddress)],
    ['endpoints[*].nodeName', name('dns-subdomain', { empty: true })],
    ['endpoints[*].hostname', name('dns-label', { empty: true })],
  ]),
  ...rows(`${DISCOVERY} validateHints`, [['endpoints[*].hints.forZones', zoneHints]]),
  ...rows(`${DISCOVERY} validatePorts`, [
    ['ports', atMostItems(MOST_PORTS)],
    ['ports[*].name', fits('ports', MOST_PORTS, slicePortName)],
    ['ports[*].protocol', fits('ports', MOST_PORTS, exactlyOneOf('SCTP', 'TCP', 'UDP'))],
    ['ports[*].appProtocol', fits('ports', MOST_PORTS, qualifiedNameOrEmpty)],
  ]),
  ...rows(`${DISCOVERY} ValidateEndpointSliceUpdate`, [['addressType', immutable('field is immutable', '')]]),
];
