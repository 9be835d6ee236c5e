/** Combinations of options in which every pair of values of two options occurs, far fewer than all combinations. */

/**
 * Greedy: each combination begins with a pair that is still missing and takes, option by option, the value that adds most
 * missing pairs. The same options give the same combinations.
 */
export function pairwise<T extends Record<string, readonly unknown[]>>(options: T): { [K in keyof T]: T[K][number] }[] {
  const keys = Object.keys(options);
  const pairOf = (a: number, i: number, b: number, j: number) =>
    a < b ? `${a}.${i}/${b}.${j}` : `${b}.${j}/${a}.${i}`;
  const missing = new Set<string>();
  for (let a = 0; a < keys.length; a++) {
    for (let b = a + 1; b < keys.length; b++) {
      for (const i of options[keys[a]!]!.keys()) {
        for (const j of options[keys[b]!]!.keys()) missing.add(pairOf(a, i, b, j));
      }
    }
  }
  const combinations: { [K in keyof T]: T[K][number] }[] = [];
  while (missing.size > 0) {
    const chosen = new Map<number, number>();
    const [first] = missing;
    for (const part of first!.split('/')) {
      const [key, value] = part.split('.').map(Number);
      chosen.set(key!, value!);
    }
    for (let key = 0; key < keys.length; key++) {
      if (chosen.has(key)) continue;
      const gain = (value: number) => [...chosen].filter(([b, j]) => missing.has(pairOf(key, value, b, j))).length;
      const gains = options[keys[key]!]!.map((_, value) => gain(value));
      chosen.set(key, gains.indexOf(Math.max(...gains)));
    }
    for (const [a, i] of chosen) for (const [b, j] of chosen) if (a < b) missing.delete(pairOf(a, i, b, j));
    combinations.push(
      Object.fromEntries([...chosen].map(([key, value]) => [keys[key]!, options[keys[key]!]![value]])) as never,
    );
  }
  return combinations;
}
