/** How names of properties are written in expressions: k8s.io/apiserver, pkg/cel/escaping.go. */

const RESERVED: ReadonlySet<string> = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return ' +
    'var void while'
  ).split(' '),
);

const WORDS: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

const NAMES: Readonly<Record<string, string>> = { underscores: '__', dot: '.', dash: '-', slash: '/' };

/** @returns undefined for a property that no expression can name. */
export function escapeName(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  return RESERVED.has(name) ? `__${name}__` : name.replaceAll(/__|[-./]/g, (part) => WORDS[part]!);
}

/** @returns undefined for what is no escaped name. */
export function unescapeName(escaped: string): string | undefined {
  let good = true;
  const name = escaped.replaceAll(/__[^_]+__/g, (part) => {
    const word = part.slice(2, -2);
    if (Object.hasOwn(NAMES, word)) return NAMES[word]!;
    good &&= RESERVED.has(word) && part === escaped;
    return word;
  });
  return good ? name : undefined;
}
