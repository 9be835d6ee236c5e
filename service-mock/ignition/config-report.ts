/** Everything that is to be said of a config, in upstream's order. Upstream: coreos/ignition, config/validate/validate.go, and coreos/vcontext, validate and report. */
import type { Json, JsonObject } from '../service-api.ts';
import { type Finding, RULES } from './config-rules.ts';
import { isList, isStruct, type Shape, type Struct } from './config-shape.ts';
import type { JsonPlace } from './json-places.ts';

/** Something found, and where in the text it stands. */
export interface Entry {
  readonly message: string;
  readonly isWarning: boolean;
  readonly context: string;
  readonly position: number;
}

type Path = readonly (string | number)[];

/** @param place where the config stands in its text. */
export function configReport(shape: Struct, config: JsonObject, place: JsonPlace): Entry[] {
  const rules: Entry[] = [];
  const doubles: Entry[] = [];
  const unused: Entry[] = [];
  for (const { struct, value, path } of structsOf(shape, config, [])) {
    const entry = ({ at, message, isWarning = false }: Finding): Entry => {
      const whole = [...path, ...at];
      return { message, isWarning, context: contextOf(whole), position: positionOf(place, whole) };
    };
    rules.push(...(RULES[struct.go]?.(value) ?? []).map(entry));
    doubles.push(...doublesOf(struct, value).map((at) => entry({ at, message: 'duplicate entry defined' })));
    unused.push(...unusedOf(struct, path, place));
  }
  return [...rules, ...doubles, ...unused];
}

function* structsOf(
  shape: Shape,
  value: Json,
  path: Path,
): Generator<{ struct: Struct; value: JsonObject; path: Path }> {
  if (isList(shape)) {
    for (const [i, item] of (value as Json[]).entries()) yield* structsOf(shape.of, item, [...path, i]);
  } else if (isStruct(shape)) {
    const struct = value as JsonObject;
    yield { struct: shape, value: struct, path };
    for (const [name, field] of Object.entries(shape.fields))
      if (struct[name] !== undefined) yield* structsOf(field, struct[name], [...path, name]);
  }
}

/** Lists whose entries may be alike. */
const LOOSE: Readonly<Record<string, readonly string[]>> = {
  'types.File': ['append'],
  'types.Filesystem': ['options', 'mountOptions'],
  'types.Raid': ['options'],
  'types.Luks': ['options'],
};
const NODES = ['directories', 'files', 'links'];

function doublesOf(struct: Struct, value: JsonObject): Path[] {
  const seen = new Map<string, Set<string>>();
  return Object.entries(struct.fields).flatMap(([name, field]) => {
    if (!isList(field) || LOOSE[struct.go]?.includes(name)) return [];
    const group = struct.go === 'types.Storage' && NODES.includes(name) ? 'nodes' : name;
    const keys = seen.get(group) ?? new Set<string>();
    seen.set(group, keys);
    return ((value[name] as Json[] | undefined) ?? []).flatMap((item, i) => {
      const key = keyOf(field.of, item);
      const isDouble = keys.has(key);
      keys.add(key);
      return isDouble ? [[name, i]] : [];
    });
  });
}

/** What tells entries of a list apart. Upstream: the Key methods. */
const KEYS: Readonly<Record<string, string>> = {
  'types.Resource': 'source',
  'types.Disk': 'device',
  'types.Filesystem': 'device',
  'types.File': 'path',
  'types.Directory': 'path',
  'types.Link': 'path',
  'types.Tang': 'url',
};

function keyOf(shape: Shape, item: Json): string {
  if (!isStruct(shape)) return String(item);
  const value = item as JsonObject;
  if (shape.go === 'types.Partition') {
    if (value.number) return `number:${value.number as number}`;
    return value.label === undefined ? '' : `label:${value.label as string}`;
  }
  return String(value[KEYS[shape.go] ?? 'name'] ?? '');
}

function unusedOf(struct: Struct, path: Path, place: JsonPlace): Entry[] {
  const own = placeAt(place, path);
  if (!own) return [];
  return [...own.keys]
    .filter(([key]) => !Object.hasOwn(struct.fields, key))
    .map(([key, position]) => ({
      message: `Unused key ${key}`,
      isWarning: true,
      context: contextOf([...path, key]),
      position,
    }));
}

const contextOf = (path: Path) => ['$', ...path].join('.');

function placeAt(place: JsonPlace, path: Path): JsonPlace | undefined {
  return path.reduce<JsonPlace | undefined>((around, part) => around?.parts.get(String(part)), place);
}

/** Of what stands there, or of what would be around it. */
function positionOf(place: JsonPlace, path: Path): number {
  let deepest = place;
  for (const part of path) {
    const next = deepest.parts.get(String(part));
    if (!next) break;
    deepest = next;
  }
  return deepest.start;
}
