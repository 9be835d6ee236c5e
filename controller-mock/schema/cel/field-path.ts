/** Paths to fields of a schema, in rules and selectable fields: kubernetes/apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go ValidFieldPath. */
import type { Schema } from '../../api/schema.ts';

/** A path that leads to a field. */
export interface FieldPath {
  /** As causes write it, without the leading dot: `spec.labels[a.b]`. */
  readonly text: string;
  /** Undefined below maps of anything. */
  readonly schema: Schema | undefined;
}

/** Delimiters, quoted texts, and what is between. */
const TOKENS = /[.[\]]|'(?:\\.|[^'\\])*'|[^.[\]']+[^.[\]]*|'.*/gsu;

class PathFault extends Error {}

const NO_FIELD = 'does not refer to a valid field';

/** @throws PathFault */
function read(path: string, root: Schema, arrays: boolean): FieldPath {
  const tokens = path.match(TOKENS) ?? [];
  let schema: Schema | undefined = root;
  let text = '';
  let at = 0;
  const next = () => {
    const token = tokens[at++];
    if (token === undefined) throw new PathFault('unexpected end of JSON path');
    return token;
  };
  const enter = (name: string) => {
    if (schema?.properties) {
      const child: Schema | undefined = schema.properties[name];
      if (!child) throw new PathFault(NO_FIELD);
      text += text === '' ? name : `.${name}`;
      schema = child;
    } else if (schema?.additionalProperties !== undefined) {
      text += `[${name}]`;
      const { additionalProperties }: Schema = schema;
      schema = typeof additionalProperties === 'object' ? additionalProperties : undefined;
    } else throw new PathFault(NO_FIELD);
  };
  while (at < tokens.length) {
    const token = next();
    if (token === '.') enter(next());
    else if (token === '[') {
      if (!arrays) throw new PathFault('array notation is not allowed');
      const quoted = next();
      if (!/^'.*'$/s.test(quoted) || quoted.length < 2) {
        throw new PathFault(`expected single quoted string but got ${quoted}`);
      }
      enter(quoted.slice(1, -1).replace(/\\(.)/gs, '$1'));
      const close = next();
      if (close !== ']') throw new PathFault(`expected ] but got ${close}`);
    } else throw new PathFault(`expected [ or . but got: ${token}`);
  }
  return { text, schema };
}

/** @returns what is wrong with a path; undefined when it leads to a field. */
export function fieldPathFault(path: string, schema: Schema): string | undefined {
  const found = resolveFieldPath(path, schema, true);
  return 'fault' in found ? found.fault : undefined;
}

/** @param arrays whether `['name']` may be written for `.name` */
export function resolveFieldPath(path: string, schema: Schema, arrays: boolean): FieldPath | { fault: string } {
  try {
    return read(path, schema, arrays);
  } catch (error) {
    if (error instanceof PathFault) return { fault: error.message };
    throw error;
  }
}
