/** What is on the claims of a cluster, by claim and by directory on it. */
import { type Content, EMPTY } from './payload.ts';

/** A directory on a claim. */
export interface Place {
  readonly namespace: string;
  readonly claim: string;
  /** Without slashes at its ends. */
  readonly path: string;
}

export class Volumes {
  readonly #claims = new Map<string, Map<string, Content>>();

  read({ namespace, claim, path }: Place): Content {
    return this.#claims.get(`${namespace}/${claim}`)?.get(path) ?? EMPTY;
  }

  write({ namespace, claim, path }: Place, content: Content): void {
    const key = `${namespace}/${claim}`;
    const paths = this.#claims.get(key) ?? new Map<string, Content>();
    this.#claims.set(key, paths.set(path, content));
  }

  /** Everything below a directory. */
  remove({ namespace, claim, path }: Place): void {
    const paths = this.#claims.get(`${namespace}/${claim}`);
    for (const each of paths?.keys() ?? []) if (each === path || each.startsWith(`${path}/`)) paths?.delete(each);
  }

  /** The claim is gone. */
  dropClaim(namespace: string, claim: string): void {
    this.#claims.delete(`${namespace}/${claim}`);
  }
}
