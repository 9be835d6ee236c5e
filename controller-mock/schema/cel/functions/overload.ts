/** How functions of expressions are declared, and what they are made of. */
import {
  BOOL,
  BYTES,
  type CelType,
  CIDR,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  IP,
  listOf,
  mapOf,
  NAMED_FORMAT,
  NULL,
  optionalOf,
  paramType,
  QUANTITY,
  STRING,
  TIMESTAMP,
  typeOf,
  UINT,
  URL_TYPE,
} from '../types.ts';
import type { Value } from '../values.ts';

/** One way to call a function. */
export interface Overload {
  /** The API server's name for it; costs are by it. */
  readonly id: string;
  /** Called as `target.f(…)`; the target is the first argument. */
  readonly method: boolean;
  readonly args: readonly CelType[];
  readonly result: CelType;
  /** Type parameters that it has. */
  readonly params: readonly string[];
  /** Absent for what the evaluator does itself. @throws EvaluationFault */
  readonly run: ((...args: never[]) => Value) | undefined;
}

/** Functions by their names. */
export type Functions = Readonly<Record<string, readonly Overload[]>>;

/**
 * @param signature argument types and result: `list(A), int -> A`; capital letters are type parameters
 * @param run gets values of just these types
 */
export const global = (id: string, signature: string, run?: (...args: never[]) => Value): Overload =>
  declare(id, signature, false, run);

/** The same for a method. */
export const method = (id: string, signature: string, run?: (...args: never[]) => Value): Overload =>
  declare(id, signature, true, run);

function declare(
  id: string,
  signature: string,
  isMethod: boolean,
  run: ((...args: never[]) => Value) | undefined,
): Overload {
  const [from = '', to = ''] = signature.split(' -> ');
  const params = [...new Set(signature.match(/\b[A-Z]\b/g) ?? [])];
  return { id, method: isMethod, args: readTypes(from), result: readTypes(to)[0]!, params, run };
}

const TYPES: Readonly<Record<string, CelType>> = {
  bool: BOOL,
  bytes: BYTES,
  cidr: CIDR,
  double: DOUBLE,
  duration: DURATION,
  dyn: DYN,
  format: NAMED_FORMAT,
  int: INT,
  ip: IP,
  null: NULL,
  quantity: QUANTITY,
  string: STRING,
  timestamp: TIMESTAMP,
  uint: UINT,
  url: URL_TYPE,
};

const GENERIC: Readonly<Record<string, (...types: CelType[]) => CelType>> = {
  list: (element) => listOf(element!),
  map: (key, value) => mapOf(key!, value!),
  optional: (type) => optionalOf(type!),
  type: (type) => typeOf(type!),
};

function readTypes(text: string): CelType[] {
  const tokens = text.match(/\w+|[(),]/g) ?? [];
  let at = 0;
  const readList = (): CelType[] => {
    const types: CelType[] = [];
    while (at < tokens.length && tokens[at] !== ')') {
      const name = tokens[at++]!;
      if (tokens[at] === '(') {
        at++;
        types.push(GENERIC[name]!(...readList()));
        at++;
      } else types.push(TYPES[name] ?? paramType(name));
      if (tokens[at] === ',') at++;
    }
    return types;
  };
  return readList();
}
