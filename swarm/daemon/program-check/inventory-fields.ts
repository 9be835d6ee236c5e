/** Compares the documents of two inventories by their fields: which there are, and of which type. Values differ by machine. */

export interface FieldDifference {
  /** Such as `disks[].by_id`. */
  path: string;
  /** Types in the stock program's document, and in the native agent's; '' where the field is missing. */
  stock: string;
  native: string;
}

/** @param stock document of the stock program @param native of the native agent for the same host */
export function inventoryDifferences(stock: unknown, native: unknown): FieldDifference[] {
  const [left, right] = [fieldsOf(stock), fieldsOf(native)];
  const text = (types: Set<string> | undefined) => [...(types ?? [])].sort().join(' or ');
  return [...new Set([...left.keys(), ...right.keys()])]
    .sort()
    .map((path) => ({ path, stock: text(left.get(path)), native: text(right.get(path)) }))
    .filter(({ stock: one, native: other }) => one !== other);
}

/** Types by path; the elements of a list count as one. */
function fieldsOf(document: unknown): Map<string, Set<string>> {
  const fields = new Map<string, Set<string>>();
  const visit = (value: unknown, path: string): void => {
    const type = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
    if (path !== '') fields.set(path, (fields.get(path) ?? new Set()).add(type));
    if (Array.isArray(value)) for (const element of value) visit(element, `${path}[]`);
    else if (type === 'object')
      for (const [name, inner] of Object.entries(value as object)) visit(inner, path === '' ? name : `${path}.${name}`);
  };
  visit(document, '');
  return fields;
}
