/**
 * Types of CEL and how they agree: google/cel-go, common/types/types.go, checker/types.go, checker/format.go. Nothing is copied; what is
 * assignable to what decides which rules the API server takes, and formatted types are in its messages.
 */

export type TypeKind =
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'param'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'uint';

export interface CelType {
  readonly kind: TypeKind;
  readonly name: string;
  /** Of list, map, optional and type. */
  readonly params: readonly CelType[];
  /** Of struct: what its fields have, by the names that expressions use. */
  readonly fields?: ReadonlyMap<string, CelType>;
}

const simple = (kind: TypeKind, name: string = kind): CelType => ({ kind, name, params: [] });

export const BOOL = simple('bool');
export const BYTES = simple('bytes');
export const DOUBLE = simple('double');
export const DURATION = simple('duration', 'google.protobuf.Duration');
export const DYN = simple('dyn');
export const ERROR = simple('error');
export const INT = simple('int');
export const NULL = simple('null', 'null_type');
export const STRING = simple('string');
export const TIMESTAMP = simple('timestamp', 'google.protobuf.Timestamp');
export const UINT = simple('uint');
export const QUANTITY: CelType = { kind: 'struct', name: 'kubernetes.Quantity', params: [], fields: new Map() };
export const URL_TYPE: CelType = { kind: 'struct', name: 'kubernetes.URL', params: [], fields: new Map() };
export const NAMED_FORMAT: CelType = { kind: 'struct', name: 'kubernetes.NamedFormat', params: [], fields: new Map() };
export const IP = simple('opaque', 'net.IP');
export const CIDR = simple('opaque', 'net.CIDR');

export const listOf = (element: CelType): CelType => ({ kind: 'list', name: 'list', params: [element] });
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', name: 'map', params: [key, value] });
export const optionalOf = (type: CelType): CelType => ({ kind: 'opaque', name: 'optional_type', params: [type] });
export const typeOf = (type: CelType): CelType => ({ kind: 'type', name: 'type', params: [type] });
export const paramType = (name: string): CelType => simple('param', name);

export const isDynOrError = ({ kind }: CelType): boolean => kind === 'dyn' || kind === 'error';

const isOptional = ({ kind, name }: CelType) => kind === 'opaque' && name === 'optional_type';

/** What an optional holds; undefined for any other type. */
export const unwrapOptional = (type: CelType): CelType | undefined => (isOptional(type) ? type.params[0] : undefined);

/** Same type, parameters included. */
export function isExactType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((param, index) => isExactType(param, b.params[index]!))
  );
}

/** As messages of the checker name a type. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'duration':
    case 'timestamp':
    case 'null':
      return type.kind;
    case 'error':
      return '!error!';
    case 'param':
      return type.name;
    default:
      return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(formatType).join(', ')})`;
  }
}

/** What is known of type parameters, by their names. */
export type Substitutions = Map<string, CelType>;

const withParams = (type: CelType, params: CelType[]): CelType =>
  params.every((param, index) => param === type.params[index]) ? type : { ...type, params };

/** @param loose whether parameters that nothing is known of become dyn */
export function substitute(known: Substitutions, type: CelType, loose: boolean): CelType {
  if (type.kind === 'param') {
    const bound = known.get(type.name);
    if (bound) return substitute(known, bound, loose);
    return loose ? DYN : type;
  }
  if (type.params.length === 0) return type;
  return withParams(
    type,
    type.params.map((param) => substitute(known, param, loose)),
  );
}

/** @returns what is known then; undefined where a value of type `a` is none of `b`. */
export function assignable(known: Substitutions, a: CelType, b: CelType): Substitutions | undefined {
  const copy = new Map(known);
  return agrees(copy, a, b) ? copy : undefined;
}

/** The same for lists of arguments. */
export function assignableAll(
  known: Substitutions,
  from: readonly CelType[],
  to: readonly CelType[],
): Substitutions | undefined {
  if (from.length !== to.length) return undefined;
  const copy = new Map(known);
  return from.every((type, index) => agrees(copy, type, to[index]!)) ? copy : undefined;
}

const NULLABLE: readonly TypeKind[] = ['opaque', 'struct', 'duration', 'timestamp', 'null'];

function agrees(known: Substitutions, a: CelType, b: CelType): boolean {
  if (b.kind === 'param') {
    const found = binds(known, a, b);
    if (found.valid) return true;
    if (found.bound) return false;
  }
  if (a.kind === 'param') return binds(known, b, a).valid;
  if (isDynOrError(a) || isDynOrError(b)) return true;
  if (a.kind === 'null') return NULLABLE.includes(b.kind);
  if (b.kind === 'null') return NULLABLE.includes(a.kind);
  if (a.kind === 'type') return b.kind === 'type';
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((param, index) => agrees(known, param, b.params[index]!))
  );
}

/** Whether a parameter may stand for a type, and whether it stood for one already. */
function binds(known: Substitutions, type: CelType, param: CelType): { valid: boolean; bound: boolean } {
  if (isExactType(type, param)) return { valid: true, bound: true };
  const bound = known.get(param.name);
  if (bound) {
    if (isExactType(type, bound)) return { valid: true, bound: true };
    if (!agrees(known, type, bound)) return { valid: false, bound: true };
    const wider = mostGeneral(type, bound);
    if (!occurs(known, param, wider)) known.set(param.name, wider);
    return { valid: true, bound: true };
  }
  if (occurs(known, param, type)) return { valid: false, bound: false };
  known.set(param.name, type);
  return { valid: true, bound: false };
}

function occurs(known: Substitutions, param: CelType, within: CelType): boolean {
  if (isExactType(param, within)) return true;
  if (within.kind === 'param') {
    const bound = known.get(within.name);
    return bound !== undefined && occurs(known, param, bound);
  }
  return within.params.some((part) => occurs(known, param, part));
}

/** Of two types that agree. */
export const mostGeneral = (a: CelType, b: CelType): CelType => (isLessSpecific(a, b) ? a : b);

function isLessSpecific(a: CelType, b: CelType): boolean {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param' || a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  return (
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((param, index) => isLessSpecific(param, b.params[index]!))
  );
}
