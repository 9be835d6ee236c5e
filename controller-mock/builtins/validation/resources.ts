/** Names of resources such as `cpu`, and their quantities. */
import { causeForbidden, causeInvalid, type StatusCause } from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import { labelKeyFaults } from '../../api/names.ts';
import { quantityNanos } from '../../api/quantity.ts';
import type { Check } from './rule.ts';

const UNIT = 10n ** 9n;
const MILLI = 10n ** 6n;

/** A quantity is rounded up to thousandths before one asks whether it is whole. */
const isWhole = (quantity: unknown) => {
  const nanos = quantityNanos(quantity);
  const millis = nanos > 0n ? (nanos + MILLI - 1n) / MILLI : nanos / MILLI;
  return millis % 1000n === 0n;
};

/** Of a quantity in its one form. */
const isNegative = (quantity: unknown) => String(quantity).startsWith('-');

const withPrefixes = (prefixes: readonly string[], names: readonly string[]) =>
  prefixes.flatMap((prefix) => names.map((name) => `${prefix}${name}`));

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];

/** Resources that are counted, not measured. */
const COUNTED = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];

/** pkg/apis/core/helper/helpers.go standardQuotaResources, standardResources, podComputeQuotaResources */
const QUOTA = new Set([...withPrefixes(['', 'requests.', 'limits.'], COMPUTE), 'requests.storage', ...COUNTED]);
const STANDARD = new Set([...QUOTA, 'storage']);
const POD_COMPUTE = new Set(withPrefixes(['', 'requests.', 'limits.'], ['cpu', 'memory']));

export const isHugePages = (name: string) => name.startsWith('hugepages-');
const isQuotaHugePages = (name: string) => isHugePages(name) || name.startsWith('requests.hugepages-');

export const isQuotaResource = (name: string) => QUOTA.has(name) || isQuotaHugePages(name);

/** Whether a quota for pods of some scope may limit the resource. */
export const isPodResource = (name: string, { countOnly = false } = {}) =>
  name === 'pods' || (!countOnly && POD_COMPUTE.has(name));

const isNative = (name: string) => !name.includes('/') || name.includes('kubernetes.io/');

/** IsOvercommitAllowed */
export const mayBeOvercommitted = (name: string) => isNative(name) && !isHugePages(name);

const isExtended = (name: string) =>
  !isNative(name) && !name.startsWith('requests.') && labelKeyFaults(`requests.${name}`).length === 0;

/** Names of resources know how to print themselves, and do it without quotes. */
export const nameLiteral = (name: string) => new GoLiteral(name);

const EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

/** A quantity as Go shows it where it does not think of printing it. */
export function quantityLiteral(quantity: unknown): GoLiteral {
  const [, digits = '0', unit = ''] = /^(-?\d+)(.*)$/.exec(String(quantity)) ?? [];
  const isBinary = unit.endsWith('i');
  const format = isBinary ? 'BinarySI' : /^[eE]/.test(unit) ? 'DecimalExponent' : 'DecimalSI';
  const value = isBinary ? quantityNanos(quantity) / UNIT : digits;
  const scale = isBinary ? 0 : (EXPONENTS[unit] ?? Number(unit.slice(1)));
  return new GoLiteral(
    `resource.Quantity{i:resource.int64Amount{value:${value}, scale:${scale}}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:${JSON.stringify(quantity)}, Format:"${format}"}`,
  );
}

/** pkg/apis/core/validation/validation.go validateResourceName */
export function resourceNameFaults(name: string, path: string): StatusCause[] {
  if (STANDARD.has(name)) return [];
  const faults = [...labelKeyFaults(name)];
  if (faults.length === 0 && !name.includes('/') && !isQuotaHugePages(name)) {
    faults.push('must be a standard resource type or fully qualified');
  }
  return faults.map((fault) => causeInvalid(path, nameLiteral(name), fault));
}

/** pkg/apis/core/validation/validation.go ValidateResourceQuotaResourceName */
function quotaNameFaults(name: string, path: string): StatusCause[] {
  const causes = resourceNameFaults(name, path);
  if (!name.includes('/') && !isQuotaResource(name)) {
    causes.push(causeInvalid(path, nameLiteral(name), 'must be a standard resource for quota'));
  }
  return causes;
}

/** pkg/apis/core/validation/validation.go validateContainerResourceName */
export function containerResourceFaults(name: string, path: string): StatusCause[] {
  const causes = resourceNameFaults(name, path);
  if (!name.includes('/')) {
    if (!COMPUTE.includes(name) && !isHugePages(name)) {
      causes.push(causeInvalid(path, nameLiteral(name), 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    causes.push(causeInvalid(path, nameLiteral(name), "doesn't follow extended resource name standard"));
  }
  return causes;
}

/** pkg/apis/core/validation/validation.go ValidateNonnegativeQuantity */
export const nonNegativeQuantity: Check = (value, place) =>
  isNegative(value) ? causeInvalid(place.path, value, 'must be greater than or equal to 0') : undefined;

/** pkg/apis/core/validation/validation.go ValidatePositiveQuantityValue */
export const positiveQuantity: Check = (value, place) =>
  value === undefined || quantityNanos(value) > 0n
    ? undefined
    : causeInvalid(place.path, value, 'must be greater than zero');

/** pkg/apis/core/validation/validation.go validateBasicResource, which shows the value in whole units */
export const basicQuantity: Check = (value, place) => {
  const nanos = quantityNanos(value);
  if (nanos > -UNIT) return undefined;
  return causeInvalid(place.path, Number(nanos / UNIT), 'must be a valid resource quantity');
};

/** pkg/apis/core/validation/validation.go ValidateResourceQuantityValue */
export function quantityFaults(name: string, value: unknown, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  if (isNegative(value)) causes.push(causeInvalid(path, value, 'must be greater than or equal to 0'));
  if ((COUNTED.includes(name) || isExtended(name)) && !isWhole(value)) {
    causes.push(causeInvalid(path, quantityLiteral(value), 'must be an integer'));
  }
  return causes;
}

/** Resources of a quota: names and quantities (ValidateResourceQuotaSpec). */
export const quotaResources: Check = (value, place) =>
  Object.entries((value ?? {}) as Record<string, unknown>).flatMap(([name, quantity]) => {
    const path = `${place.path}[${name}]`;
    return [...quotaNameFaults(name, path), ...quantityFaults(name, quantity, path)];
  });

/** What a pod of some class takes beside its containers: ValidateContainerResourceRequirements with limits alone. */
export const podOverhead: Check = (value, place) => {
  const limits = Object.entries((value ?? {}) as Record<string, unknown>);
  const { path } = place;
  const causes = limits.flatMap(([name, quantity]) => {
    const here = `${path}.limits[${name}]`;
    return [
      ...containerResourceFaults(name, here),
      ...quantityFaults(name, quantity, here),
      ...hugePageFaults(name, quantity, here),
    ];
  });
  const names = limits.map(([name]) => name);
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    causes.push(causeForbidden(path, 'HugePages require cpu or memory'));
  }
  return causes;
};

export function hugePageFaults(name: string, quantity: unknown, path: string): StatusCause[] {
  if (!isHugePages(name)) return [];
  const size = quantityNanos(name.slice('hugepages-'.length));
  if (size > 0n && size % UNIT === 0n && quantityNanos(quantity) % size === 0n) return [];
  return [causeInvalid(path, quantity, `${quantity} is not positive integer multiple of ${name}`)];
}
