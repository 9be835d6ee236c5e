/** Words that the commands for manifests share. */

/** What the hub did not take, by kind. */
export interface RefusedKind {
  kind: string;
  count: number;
  /** The first of them. */
  first: { name: string; reason: string }[];
}

/** Names of refused objects that are told of each kind. */
const TOLD = 5;

/** Counts refusals and keeps the first of each kind. */
export class Refusals {
  readonly #kinds = new Map<string, RefusedKind>();
  count = 0;

  add(kind: string, name: string, reason: string): void {
    const refused = this.#kinds.get(kind) ?? { kind, count: 0, first: [] };
    this.#kinds.set(kind, refused);
    this.count++;
    refused.count++;
    if (refused.first.length < TOLD) refused.first.push({ name, reason });
  }

  summary(): RefusedKind[] {
    return [...this.#kinds.values()];
  }
}

/** Lines for people. @param word what they are: `refused`, `left` */
export function refusedText(refused: readonly RefusedKind[], word = 'refused'): string[] {
  return refused.flatMap(({ kind, count, first }) => [
    `${kind}: ${count} ${word}${count > first.length ? `; the first ${first.length}:` : ':'}`,
    ...first.map(({ name, reason }) => `  ${name}: ${reason}`),
  ]);
}

/** `a, b, c and 7 more`. */
export function firstOf(names: readonly string[], most = TOLD): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** That a hub does not serve kinds (`apiVersion kind`). */
export function kindsText(server: string, missing: readonly string[]): string {
  return `${server} does not serve ${missing.join(', ')}; their CustomResourceDefinitions are not installed (is this the hub, with the infrastructure operator on it?)`;
}
