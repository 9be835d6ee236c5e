/**
 * What static networks of a request must be like: the map of MACs, and the names in the YAML. What nmstate refuses beyond that is not looked at.
 * Upstream: assisted-service, pkg/staticnetworkconfig/generator.go, ValidateStaticConfigParamsYAML.
 */
import { textField } from '../core/wire.ts';
import type { JsonObject } from '../service-api.ts';
import { errorList } from '../validations/error-list.ts';
import { goJson } from '../validations/go-text.ts';
import { readYaml } from '../validations/go-yaml.ts';

/** Everything that is wrong with the entries up to the first whose YAML cannot be read; undefined for good ones. */
export function staticNetworksProblem(entries: readonly JsonObject[]): string | undefined {
  const problems: string[] = [];
  for (const [host, entry] of entries.entries()) {
    const map = mapOf(entry);
    const mapProblem = macMapProblem(host, map);
    if (mapProblem !== undefined) problems.push(mapProblem);
    const text = textField(entry, 'network_yaml') ?? '';
    const { value, problem } = configOf(text);
    if (problem !== undefined) {
      problems.push(`failed to validate network yaml for host ${host}, ${problem}`);
      break;
    }
    const nameProblem = namesProblem(new Set(map.map(({ name }) => name)), value);
    if (nameProblem !== undefined) problems.push(nameProblem);
  }
  return errorList(problems);
}

/** An interface of a map: its name in the YAML, and its MAC. */
interface Mapped {
  readonly name: string;
  readonly mac: string;
}

function mapOf(entry: JsonObject): Mapped[] {
  return ((entry.mac_interface_map as JsonObject[] | undefined) ?? []).map((item) => ({
    name: textField(item, 'logical_nic_name') ?? '',
    mac: textField(item, 'mac_address') ?? '',
  }));
}

function macMapProblem(host: number, map: readonly Mapped[]): string | undefined {
  if (map.length === 0) return `at least one interface for host ${host} must be provided`;
  const isUnique = [new Set(map.map(({ name }) => name)), new Set(map.map(({ mac }) => mac))].every(
    ({ size }) => size === map.length,
  );
  return isUnique ? undefined : `MACs and Interfaces for host ${host} must be unique`;
}

/** What nmstate's binding says when it cannot read what it is given. */
const unreadable = (why: string) =>
  `nmstate GenerateConfiguration failed, error: failed when generating the configuration with rc: 1, err_msg: ${why}, err_kind: InvalidArgument`;

function configOf(text: string): { value: Record<string, unknown>; problem?: string } {
  const refused = (problem: string) => ({ value: {}, problem });
  if (text === '') return refused('cannot generate configuration with an empty host YAML');
  const { value, problem } = readYaml(text);
  if (problem !== undefined) return refused(problem);
  if (!isObject(value)) return refused(unreadable('the network state is no map'));
  const { interfaces } = value;
  const isList = Array.isArray(interfaces) && interfaces.every(isObject);
  return interfaces === undefined || interfaces === null || isList
    ? { value }
    : refused(unreadable('interfaces are no list of maps'));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names that tell of a physical interface by themselves. */
const PREDICTABLE = /^en[PsvxXbucaipod]/;

/** The first interface that neither the map nor its own name tells the MAC of. */
function namesProblem(mapped: ReadonlySet<string>, { interfaces }: Record<string, unknown>): string | undefined {
  const nics = (interfaces as Record<string, unknown>[] | null | undefined) ?? [];
  if (nics.some((nic) => !('name' in nic))) return 'interface name not found in networks configuration';
  const identified = new Set(
    nics.filter(({ identifier }) => identifier === 'mac-address').map(({ name }) => String(name)),
  );
  const isKnown = (name: string) => mapped.has(name) || identified.has(name) || PREDICTABLE.test(name);
  const isPlaced = (nic: Record<string, unknown>) => {
    const name = String(nic.name);
    if (nic.type === 'ethernet' || nic.type === '802-3-ethernet')
      return mapped.has(name) || nic.identifier === 'mac-address' || PREDICTABLE.test(name);
    return nic.type !== 'bond' || portsOf(nic).every(isKnown);
  };
  const stray = nics.find((nic) => !isPlaced(nic));
  return stray && `mac-interface mapping for interface ${stray.name} is missing and not a physical interface`;
}

function portsOf(bond: Record<string, unknown>): string[] {
  const aggregation = bond['link-aggregation'];
  const ports = isObject(aggregation) ? aggregation.port : undefined;
  return Array.isArray(ports) ? ports.map(String) : [];
}

/** Entries as rows keep them: sorted, by their YAML, then their map. Upstream: FormatStaticNetworkConfigForDB. */
export function storedStaticNetworks(entries: readonly JsonObject[]): string {
  if (entries.length === 0) return '';
  const sorted = entries.map((entry) => {
    const map = mapOf(entry).sort((a, b) => compare(a.name, b.name) || compare(a.mac, b.mac));
    return { map, yaml: textField(entry, 'network_yaml') ?? '' };
  });
  sorted.sort((a, b) => compare(a.yaml, b.yaml) || compareMaps(a.map, b.map));
  return goJson(
    sorted.map(({ map, yaml }) => ({
      mac_interface_map: map.map(({ name, mac }) => ({ ...(name && { logical_nic_name: name }), mac_address: mac })),
      ...(yaml && { network_yaml: yaml }),
    })),
  );
}

const compare = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1);

function compareMaps(a: readonly Mapped[], b: readonly Mapped[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (const [at, { name, mac }] of a.entries()) {
    const difference = compare(name, b[at]!.name) || compare(mac, b[at]!.mac);
    if (difference !== 0) return difference;
  }
  return 0;
}
