/** The database that the embedded service keeps in its memory, told at `/mock/database` in the terms of a real one. */
import { z } from 'zod';
import { type Collector, NotOffered, type Reading } from './collector.ts';
import { DatabaseFigures, type DatabaseState } from './database-state.ts';
import type { HttpText } from './http-text.ts';

const count = z.number().nonnegative();
const answer = z.object({
  connections: z.record(z.string(), count),
  used: count,
  allowed: count,
  lockWaits: count,
  longestStatementMs: count,
  statements: z.array(z.object({ statement: z.string(), calls: count, totalMs: count })),
  tables: z.array(z.object({ table: z.string(), bytes: count, indexBytes: count })),
  events: count,
  hosts: count,
  infraEnvs: count,
});

const NOT_GIVEN = 'collect.database is not given';

export class EmbeddedDatabaseCollector implements Collector {
  readonly name = 'database';
  readonly #http: HttpText;
  readonly #figures = new DatabaseFigures();
  readonly #known: boolean;
  #hasRead = false;

  /**
   * @param http at the base URL of the service
   * @param known that it is an embedded one; of others the first look tells
   */
  constructor(http: HttpText, known = true) {
    this.#http = http;
    this.#known = known;
  }

  get target(): string {
    return `${this.#http.target}/mock/database`;
  }

  async collect(signal: AbortSignal): Promise<Reading[]> {
    const text = await this.#http.get('/mock/database', signal).catch((cause: Error) => {
      throw !this.#known && cause instanceof NotOffered ? new NotOffered(NOT_GIVEN, { cause }) : cause;
    });
    let state: DatabaseState;
    try {
      const { tables, ...rest } = answer.parse(JSON.parse(text));
      const uncounted = { deadRows: null, sequentialScans: null };
      state = { ...rest, transactions: null, tables: tables.map((table) => ({ ...table, ...uncounted })) };
    } catch (cause) {
      // Some answer every path, with a page for people.
      if (!this.#known && !this.#hasRead) throw new NotOffered(NOT_GIVEN, { cause });
      const said = cause instanceof z.ZodError ? z.prettifyError(cause).split('\n')[0] : (cause as Error).message;
      throw new Error(`${this.target} is not what an embedded service tells of its database: ${said}`, { cause });
    }
    this.#hasRead = true;
    return this.#figures.readings(state);
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
