/** Questions about an Agent's inventory in jq. Upstream: assisted-service, agentlabel_controller.go, checkMatch, which uses gojq. */
import { compile } from '@michaelhomer/jqjs';

export class QueryError extends Error {
  override readonly name = 'QueryError';
}

type Query = (inventory: unknown) => boolean;

/** Compiled once; a query that is not one is kept as its failure. */
const known = new Map<string, Query>();
const REMEMBERED = 1000;

/**
 * Whether a query gives true for an inventory; something else than a boolean counts as false.
 * @throws QueryError for a text that is not jq, one that fails, and one that gives no value or several
 */
export function matchesQuery(text: string, inventory: unknown): boolean {
  let query = known.get(text);
  if (!query) {
    query = compiled(text);
    if (known.size >= REMEMBERED) known.clear();
    known.set(text, query);
  }
  return query(inventory);
}

function compiled(text: string): Query {
  let program: (input: unknown) => Iterable<unknown>;
  try {
    program = compile(text);
  } catch (cause) {
    return () => {
      throw new QueryError(`"${text}" is not a jq query: ${reasonOf(cause)}`);
    };
  }
  return (inventory) => {
    const values: unknown[] = [];
    try {
      for (const value of program(inventory)) {
        values.push(value);
        if (values.length > 1) break;
      }
    } catch (cause) {
      throw new QueryError(reasonOf(cause));
    }
    if (values.length === 0) throw new QueryError('Expected boolean, found no values');
    if (values.length > 1) throw new QueryError('Expected boolean, found multiple values');
    return values[0] === true;
  };
}

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
