/**
 * Sets of fields, kept in the form that `managedFields` has on the wire (FieldsV1): a tree whose keys are path elements,
 * `f:<field>`, `k:<keys of a list item as JSON>`, `v:<set item as JSON>` and `i:<index>`. A node without children, or
 * with the child `.`, is a member of the set itself; the root never is. Sets are never changed once they are built,
 * so that objects may share them.
 */
export interface FieldSet {
  [element: string]: FieldSet;
}

/** All leaves are this one object, so that a stored set costs its inner nodes only. */
const LEAF: FieldSet = Object.freeze({});

export const EMPTY_SET: FieldSet = LEAF;

/** Element of a named field or map key. */
export const fieldElement = (name: string) => `f:${name}`;

/** Element of an item of a list of type `set`. */
export const valueElement = (value: unknown) => `v:${JSON.stringify(value)}`;

/** Element of an item of a list of type `map`. @param keys sorted by name. */
export function keyElement(keys: readonly (readonly [string, unknown])[]): string {
  return `k:{${keys.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether a node below the root stands for itself. */
export const isMember = (node: FieldSet) => node['.'] !== undefined || isEmptySet(node);

/** Whether a node below the root has children that are members. */
export function hasChildren(node: FieldSet): boolean {
  for (const element in node) if (element !== '.') return true;
  return false;
}

/** Adds the first `length` elements of a path to a set under construction. The root itself cannot be added. */
export function insertPath(set: FieldSet, path: readonly string[], length = path.length): void {
  if (length === 0) return;
  let node = set;
  for (let depth = 0; depth < length - 1; depth++) {
    const element = path[depth]!;
    const known = node[element];
    if (known === undefined) node = node[element] = {};
    else if (known === LEAF) node = node[element] = { '.': LEAF };
    else node = known;
  }
  const last = path[length - 1]!;
  const known = node[last];
  if (known === undefined) node[last] = LEAF;
  else if (known !== LEAF) known['.'] = LEAF;
}

function nodeOf(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmptySet(children)) return member ? LEAF : undefined;
  return member ? { '.': LEAF, ...children } : children;
}

/** Every node of `a` that has a counterpart in `b` becomes what `change` returns; `a` itself if nothing changes. */
function changedWhereShared(
  a: FieldSet,
  b: FieldSet,
  change: (left: FieldSet, right: FieldSet) => FieldSet | undefined,
): FieldSet {
  let replacements: Map<string, FieldSet | undefined> | undefined;
  for (const element in b) {
    const left = a[element];
    if (element === '.' || left === undefined) continue;
    const changed = change(left, b[element]!);
    if (changed === left) continue;
    replacements ??= new Map();
    replacements.set(element, changed);
  }
  if (!replacements) return a;
  const result: FieldSet = {};
  for (const element in a) {
    const kept = replacements.has(element) ? replacements.get(element) : a[element];
    if (kept !== undefined) result[element] = kept;
  }
  return result;
}

const childrenOf = (node: FieldSet): FieldSet => {
  if (node['.'] === undefined) return node;
  const { '.': _, ...children } = node;
  return children;
};

/** Members of `a` that are not members of `b`: a parent does not take its children along, nor the reverse. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return changedWhereShared(a, b, (left, right) => {
    const wasMember = isMember(left);
    const member = wasMember && !isMember(right);
    const oldChildren = childrenOf(left);
    const children = difference(oldChildren, right);
    return member === wasMember && children === oldChildren ? left : nodeOf(member, children);
  });
}

/** As {@link difference}, but a member of `b` takes everything below it along. */
export function differenceBelow(a: FieldSet, b: FieldSet): FieldSet {
  return changedWhereShared(a, b, (left, right) => {
    if (isMember(right)) return undefined;
    const oldChildren = childrenOf(left);
    const children = differenceBelow(oldChildren, right);
    return children === oldChildren ? left : nodeOf(isMember(left), children);
  });
}

/** @returns `a` itself if it contains all of `b`. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  let result = a;
  for (const element in b) {
    if (element === '.') continue;
    const left = a[element];
    const right = b[element]!;
    const joined = left === undefined ? right : unionOfNodes(left, right);
    if (joined === left) continue;
    if (result === a) result = { ...a };
    result[element] = joined;
  }
  return result;
}

function unionOfNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right) return left;
  const joined = union(left, right);
  if (isEmptySet(joined)) return LEAF;
  if (joined['.'] !== undefined || !(isMember(left) || isMember(right))) return joined;
  return { '.': LEAF, ...joined };
}

/** Members of both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in b) {
    const left = a[element];
    if (element === '.' || left === undefined) continue;
    const right = b[element]!;
    const node = nodeOf(isMember(left) && isMember(right), intersection(left, right));
    if (node !== undefined) result[element] = node;
  }
  return result;
}

/** Calls `visit` with the path of every member: those of one level first, then level by level below each. */
export function eachPath(
  set: FieldSet,
  visit: (path: readonly string[]) => void,
  prefix: readonly string[] = [],
): void {
  const elements = sortedElements(set);
  for (const element of elements) if (isMember(set[element]!)) visit([...prefix, element]);
  for (const element of elements) {
    if (hasChildren(set[element]!)) eachPath(set[element]!, visit, [...prefix, element]);
  }
}

/** `.spec.template.spec.containers[name="web"].image`, as conflicts name a field. */
export function shownPath(path: readonly string[]): string {
  return path.map(shownElement).join('');
}

export function shownElement(element: string): string {
  const content = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${content}`;
    case 'k': {
      const keys = Object.entries(JSON.parse(content) as Record<string, unknown>);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${content}]`;
    default:
      return `[${content}]`;
  }
}

/** Order of elements on the wire: fields, then keyed items, then values, then indices. */
const KIND_ORDER: Record<string, number> = { '.': 0, f: 1, k: 2, v: 3, i: 4 };

function compareElements(a: string, b: string): number {
  const kind = KIND_ORDER[a[0]!]! - KIND_ORDER[b[0]!]!;
  if (kind !== 0) return kind;
  switch (a[0]) {
    case 'k': {
      const left = Object.entries(JSON.parse(a.slice(2)) as object);
      const right = Object.entries(JSON.parse(b.slice(2)) as object);
      for (const [index, [name, value]] of left.entries()) {
        const other = right[index];
        if (!other) return 1;
        const order = compareScalars(name, other[0]) || compareScalars(value, other[1]);
        if (order !== 0) return order;
      }
      return left.length - right.length;
    }
    case 'v':
      return compareScalars(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
    case 'i':
      return Number(a.slice(2)) - Number(b.slice(2));
    default:
      return a < b ? -1 : a > b ? 1 : 0;
  }
}

const TYPE_ORDER = ['number', 'string', 'boolean', 'object'];

function compareScalars(a: unknown, b: unknown): number {
  const rank = (value: unknown) => TYPE_ORDER.indexOf(typeof value === 'bigint' ? 'number' : typeof value);
  const type = rank(a) - rank(b);
  if (type !== 0) return type;
  const [left, right] =
    typeof a === 'object' ? [JSON.stringify(a), JSON.stringify(b)] : [a as string | number, b as string | number];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortedElements(set: FieldSet): string[] {
  const elements = Object.keys(set).filter((element) => element !== '.');
  return elements.sort(compareElements);
}

function isSorted(set: FieldSet): boolean {
  let previous: string | undefined;
  for (const element in set) {
    if (previous !== undefined && compareElements(previous, element) > 0) return false;
    previous = element;
  }
  return true;
}

/** The same set with its elements in the order of the wire; the set itself if they are already. */
export function sortedSet(set: FieldSet): FieldSet {
  let result = set;
  if (!isSorted(set)) {
    result = set['.'] === undefined ? {} : { '.': LEAF };
    for (const element of sortedElements(set)) result[element] = set[element]!;
  }
  for (const element in set) {
    const child = set[element]!;
    const sorted = child === LEAF ? child : sortedSet(child);
    if (sorted === child) continue;
    if (result === set) result = { ...set };
    result[element] = sorted;
  }
  return result;
}

/**
 * Reads FieldsV1 as a client sent it. Elements of an unknown kind are left out, as the API server does.
 * @returns undefined when it is malformed.
 */
export function parseFieldSet(fields: unknown): FieldSet | undefined {
  const node = parseNode(fields);
  return node && sortedSet(childrenOf(node));
}

function parseNode(fields: unknown): FieldSet | undefined {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
  let result: FieldSet | undefined;
  let member = false;
  for (const [key, below] of Object.entries(fields)) {
    if (key === '.') {
      member = true;
      continue;
    }
    const element = parseElement(key);
    if (element === undefined) return undefined;
    if (element === '') continue;
    const child = parseNode(below);
    if (child === undefined) return undefined;
    result ??= {};
    const known = result[element];
    result[element] = known === undefined ? child : unionOfNodes(known, child);
  }
  if (result === undefined) return LEAF;
  return member ? { '.': LEAF, ...result } : result;
}

/** @returns the element in its one spelling, '' for an unknown kind, undefined for a malformed one. */
function parseElement(key: string): string | undefined {
  if (key.length < 2 || key[1] !== ':') return undefined;
  const content = key.slice(2);
  switch (key[0]) {
    case 'f':
      return key;
    case 'i':
      return /^-?\d+$/.test(content) ? `i:${Number(content)}` : undefined;
    case 'v':
    case 'k': {
      let value: unknown;
      try {
        value = JSON.parse(content);
      } catch {
        return undefined;
      }
      if (key[0] === 'v') return valueElement(value);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
      return keyElement(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    default:
      return '';
  }
}
