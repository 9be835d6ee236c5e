/** Nodes. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  type StatusCause,
} from '../../api/causes.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import { labelKeyFaults, labelValueFaults } from '../../api/names.ts';
import { at, type Fields, items, strings, text } from '../fields.ts';
import { network, parseNetwork } from './addresses.ts';
import { coreSource } from './pod-facts.ts';
import { quantityFaults } from './resources.ts';
import { type Check, type Rule, rows } from './rule.ts';

const TAINTS = 'scheduler.alpha.kubernetes.io/taints';
const AVOIDED = 'scheduler.alpha.kubernetes.io/preferAvoidPods';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

const taintLiteral = (taint: Fields): GoLiteral => {
  const texts = { Key: taint.key, Value: taint.value, Effect: taint.effect };
  const shown = Object.entries(texts).map(([field, value]) => `${field}:${JSON.stringify(value ?? '')}`);
  return new GoLiteral(`core.Taint{${shown.join(', ')}, TimeAdded:<nil>}`);
};

function taintFaults(taints: readonly Fields[], path: string): StatusCause[] {
  return taints.flatMap((taint, index) => {
    const here = `${path}[${index}]`;
    const [key, value, effect] = ['key', 'value', 'effect'].map((field) => text(taint, field)) as [
      string,
      string,
      string,
    ];
    const causes = labelKeyFaults(key).map((fault) => causeInvalid(`${here}.key`, key, fault));
    const faults = labelValueFaults(value);
    if (faults.length > 0) causes.push(causeInvalid(`${here}.value`, value, faults.join(';')));
    if (effect === '') causes.push(causeRequired(`${here}.effect`));
    else if (!EFFECTS.includes(effect)) causes.push(causeNotSupported(`${here}.effect`, effect, EFFECTS));
    const earlier = taints.slice(0, index);
    if (earlier.some((other) => text(other, 'key') === key && text(other, 'effect') === effect)) {
      const { reason, message, field } = causeDuplicate(here, taintLiteral(taint));
      causes.push({ reason, message: `${message}: taints must be unique by key and effect pair`, field });
    }
    return causes;
  });
}

/** Said to be of the metadata. */
const taints: Check = (value) => taintFaults(items({ value }, 'value'), 'metadata.taints');

/** What old schedulers wrote into annotations, as JSON. */
const annotations: Check = (value, { path }) => {
  const causes: StatusCause[] = [];
  const read = (key: string, field: string): unknown => {
    const given = text(value, key);
    if (given === '') return undefined;
    try {
      return JSON.parse(given);
    } catch {
      causes.push(causeInvalid(field, key, 'invalid character in JSON'));
      return undefined;
    }
  };
  const old = read(TAINTS, path);
  causes.push(...taintFaults(items({ old }, 'old'), `${path}.${TAINTS}`));
  const avoided = read(AVOIDED, `${path}.AvoidPods`);
  for (const [index, entry] of items(avoided, 'preferAvoidPods').entries()) {
    const here = `${path}.${AVOIDED}[${index}].PodSignature`;
    const controller = at(entry, 'podSignature', 'podController');
    if (controller === undefined) causes.push(causeRequired(here));
    else if (at(controller, 'controller') !== true) {
      causes.push(causeInvalid(`${here}.PodController.Controller`, false, 'must point to a controller'));
    }
  }
  return causes;
};

/** The name of a resource is a field to these causes, and no key. */
const amounts: Check = (value, { path }) =>
  Object.entries(Object(value)).flatMap(([resource, quantity]) =>
    quantityFaults(resource, quantity, `${path}.${resource}`),
  );

const networks: Check = (value, { path }) => {
  const given = strings({ value }, 'value');
  if (given.length < 2) return undefined;
  const causes: StatusCause[] = [];
  const families = given.map((entry) => parseNetwork(entry)?.family);
  const isDual = families.includes(4) && families.includes(6) && !families.includes(undefined);
  if (families.includes(undefined)) {
    const wrong = given[families.indexOf(undefined)];
    const detail = `invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[${families.indexOf(undefined)}]: <nil> (invalid CIDR address: ${wrong})`;
    causes.push({ reason: 'InternalError', message: `Internal error: ${detail}`, field: path });
  }
  if (!isDual || given.length > 2) {
    causes.push(causeInvalid(path, stringsLiteral(given), 'may specify no more than one CIDR for each IP family'));
  }
  for (const [index, entry] of given.entries()) {
    if (given.indexOf(entry) < index) causes.push(causeDuplicate(`${path}[${index}]`, entry));
  }
  return causes;
};

const addresses: Check = (value, { path, old }) => {
  if (!old) return undefined;
  const list = items({ value }, 'value');
  return list.flatMap((address, index) => {
    if (!list.slice(0, index).some((other) => equalJson(other, address))) return [];
    const shown = new GoLiteral(
      `core.NodeAddress{Type:${JSON.stringify(text(address, 'type'))}, Address:${JSON.stringify(text(address, 'address'))}}`,
    );
    return [causeDuplicate(`${path}[${index}]`, shown)];
  });
};

const sameNetworks: Check = (value, { path, before }) => {
  const was = strings({ before }, 'before');
  const now = strings({ value }, 'value');
  if (was.length === 0) return undefined;
  const detail = 'node updates may not change podCIDR except from "" to valid';
  if (was.length !== now.length) return causeForbidden(path, detail);
  return was.filter((entry, index) => entry !== now[index]).map(() => causeForbidden(path, detail));
};

const sameProvider: Check = (value, { path, before }) =>
  before && before !== value
    ? causeForbidden(path, 'node updates may not change providerID except from "" to valid')
    : undefined;

const sameExternal: Check = (value, { path, old, before }) =>
  old && (value ?? '') !== (before ?? '') ? causeForbidden(path, 'may not be updated') : undefined;

const UPDATE_RULES: readonly Rule[] = rows(coreSource('ValidateNodeUpdate'), [
  ['status.addresses', addresses],
  ['spec.podCIDRs', sameNetworks],
  ['spec.providerID', sameProvider],
  ['spec.externalID', sameExternal],
]);

const SHARED_RULES: readonly Rule[] = [
  ...rows(coreSource('ValidateNodeSpecificAnnotations'), [['metadata.annotations', annotations]]),
  ...rows(coreSource('validateNodeTaints'), [['spec.taints', taints]]),
  ...rows(coreSource('ValidateNodeResources'), [
    ['status.capacity', amounts],
    ['status.allocatable', amounts],
  ]),
];

export const NODE_RULES: Readonly<Record<string, readonly Rule[]>> = {
  'v1 Node': [
    ...SHARED_RULES,
    ...rows(coreSource('ValidateNode'), [
      ['spec.podCIDRs[*]', network],
      ['spec.podCIDRs', networks],
    ]),
    ...UPDATE_RULES,
  ],
  'v1 Node/status': [...SHARED_RULES, ...UPDATE_RULES],
};
