/** Cluster addresses of services and their families. */
import { causeDuplicate, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { type Fields, fields, strings, text } from '../fields.ts';
import { parseAddress } from './addresses.ts';
import type { Check } from './rule.ts';

/** Without an address of its own. */
export function isHeadless(spec: Readonly<Fields>): boolean {
  const addresses = strings(spec, 'clusterIPs');
  return addresses.length === 1 && addresses[0] === 'None';
}

/** An address that cannot be read, or the values of clusterIPs that are at odds (ValidateServiceClusterIPsRelatedFields). */
export function clusterAddressFaults(spec: Readonly<Fields>): StatusCause[] {
  if (spec.type === 'ExternalName') return [];
  const addresses = strings(spec, 'clusterIPs');
  const causes: StatusCause[] = [];
  const whole = (detail: string) => causes.push(causeInvalid('spec.clusterIPs', stringsLiteral(addresses), detail));
  const given = text(spec, 'clusterIP');
  if (given !== '') {
    if (addresses.length === 0) causes.push(causeRequired('spec.clusterIPs'));
    else if (addresses[0] !== given) whole('first value must match `clusterIP`');
  } else if (addresses.length > 0) whole('must be empty when `clusterIP` is not specified');
  const families = strings(spec, 'ipFamilies');
  for (const [index, family] of families.entries()) {
    const path = `spec.ipFamilies[${index}]`;
    if (family !== 'IPv4' && family !== 'IPv6') causes.push(causeNotSupported(path, family, ['IPv4', 'IPv6']));
    if (families.indexOf(family) < index) causes.push(causeDuplicate(path, family));
  }
  if (spec.ipFamilyPolicy !== undefined && !FAMILY_POLICIES.includes(spec.ipFamilyPolicy as string)) {
    causes.push(causeNotSupported('spec.ipFamilyPolicy', spec.ipFamilyPolicy, FAMILY_POLICIES));
  }
  const invalid: StatusCause[] = [];
  for (const [index, address] of addresses.entries()) {
    if (index === 0 && address === 'None') {
      if (addresses.length > 1) {
        const detail = "'None' must be the first and only value";
        invalid.push(causeInvalid('spec.clusterIPs', stringsLiteral(addresses), detail));
      }
    } else if (!parseAddress(address)) {
      const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
      invalid.push(causeInvalid(`spec.clusterIPs[${index}]`, address, detail));
    }
  }
  causes.push(...invalid);
  if (addresses.length > 2) whole('may only hold up to 2 values');
  return invalid.length > 0 ? causes : [...causes, ...familyFaults(spec, addresses, families)];
}

const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

function familyFaults(spec: Readonly<Fields>, addresses: string[], families: string[]): StatusCause[] {
  const causes: StatusCause[] = [];
  const found = addresses.map((address) => (parseAddress(address)?.family === 6 ? 'IPv6' : 'IPv4'));
  if (addresses.length > 1 && new Set(found).size < 2) {
    const detail = 'may specify no more than one IP for each IP family';
    causes.push(causeInvalid('spec.clusterIPs', stringsLiteral(addresses), detail));
  }
  if (isHeadless(spec)) return causes;
  for (const [index, family] of families.slice(0, addresses.length).entries()) {
    if (family === found[index] || (family !== 'IPv4' && family !== 'IPv6')) continue;
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    causes.push(causeInvalid(`spec.clusterIPs[${index}]`, addresses[index], detail));
  }
  return causes;
}

const familyLiteral = (families: readonly string[]) =>
  new GoLiteral(stringsLiteral(families).text.replace('[]string', '[]core.IPFamily'));

/** validateUpgradeDowngradeClusterIPs, validateUpgradeDowngradeIPFamilies */
export const keptAddresses: Check = (_value, place) => {
  const { old } = place;
  if (!old) return undefined;
  const [spec, before] = [fields(place.object, 'spec'), fields(old, 'spec')];
  if (spec.type === 'ExternalName' || before.type === 'ExternalName') return undefined;
  const [isNow, was] = [isHeadless(spec), isHeadless(before)];
  if (isNow && was) return undefined;
  const causes = changedList(spec, before, 'clusterIPs', stringsLiteral, true);
  return isNow || was ? causes : [...causes, ...changedList(spec, before, 'ipFamilies', familyLiteral, false)];
};

function changedList(
  spec: Readonly<Fields>,
  before: Readonly<Fields>,
  field: 'clusterIPs' | 'ipFamilies',
  literal: (list: readonly string[]) => GoLiteral,
  perItem: boolean,
): StatusCause[] {
  const [now, old] = [strings(spec, field), strings(before, field)];
  const fault = (index: number, detail: string) => causeInvalid(`spec.${field}[${index}]`, literal(now), detail);
  if (now.length === old.length) {
    return now.flatMap((value, index) =>
      value === old[index] ? [] : [fault(perItem ? index : 0, 'may not change once set')],
    );
  }
  const causes: StatusCause[] = [];
  const what = field === 'clusterIPs' ? 'clusterIP' : 'ipFamily';
  if (now.length < old.length && now.length === 0) causes.push(fault(0, `primary ${what} can not be unset`));
  if (now.length > 0 && old.length > 0 && now[0] !== old[0]) causes.push(fault(0, 'may not change once set'));
  if (now.length < old.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`;
    causes.push(causeInvalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, detail));
  }
  return causes;
}
