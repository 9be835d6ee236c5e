/** JSON values in the notations of Go that messages of the API server have. */

/** Name of the Go type that the API server holds a JSON value in; its messages have it. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int64';
    case 'number':
      return Number.isInteger(value) ? 'int64' : 'float64';
    default:
      return 'map[string]interface {}';
  }
}

/** A JSON value as Go prints it. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, entry]) => `${key}:${goText(entry)}`).join(' ')}]`;
}

/** A value that is no JSON to Go, as Go source. */
export class GoLiteral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A struct whose fields are pointers, of which Go shows where they lead and not what is there.
 * @param fields name, Go type and value of each; undefined is nil
 */
export function structLiteral(
  type: string,
  fields: readonly (readonly [name: string, pointer: string, value: unknown])[],
): GoLiteral {
  const shown = fields.map(
    ([name, pointer, value]) => `${name}:(${pointer})(${value === undefined ? 'nil' : '0xc000000000'})`,
  );
  return new GoLiteral(`${type}{${shown.join(', ')}}`);
}

/** A list of Go strings: `[]string{"a"}`. */
export const stringsLiteral = (list: readonly string[]): GoLiteral =>
  new GoLiteral(
    list.length === 0 ? '[]string(nil)' : `[]string{${list.map((text) => JSON.stringify(text)).join(', ')}}`,
  );

/** A JSON value as Go source, such as `map[string]interface {}{"a":1}`. */
export function goSyntax(value: unknown): string {
  if (value instanceof GoLiteral) return value.text;
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value !== 'object') return typeof value === 'string' ? JSON.stringify(value) : String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${goSyntax(entry)}`).join(', ')}}`;
}

/** Type of a JSON value, in the decoder's words. */
export function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** A float as Go's %v prints it: `1.5`, `1e+30`, `1.2345675e+06`. */
export function goFloat(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 6)) return String(value);
  const shown = String(Math.abs(power)).padStart(2, '0');
  return `${digits}e${power < 0 ? '-' : '+'}${shown}`;
}
