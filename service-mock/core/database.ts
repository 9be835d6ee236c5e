/**
 * What the service's database would be seen to do. Rows live in memory; whoever reads or changes them does so in a statement, which takes
 * one of the connections that the real service has at most.
 *
 *    request, pass of a monitor → statement(name, work) → a free connection, or a place in the queue → work → counted
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { wallNow } from '../../model/time/clock.ts';
import { PlantedFaults } from './planted-faults.ts';

/** DB_MAX_OPEN_CONNECTIONS and DB_MAX_IDLE_CONNECTIONS; assisted-service, cmd/main.go. */
const MOST_CONNECTIONS = 90;
const MOST_IDLE = 50;
/** How long a planted fault keeps a connection after its statement: as a transaction that nobody ends. */
const HELD_MS = 1000;

/** Rows of the tables that grow with the load. */
export interface TableRows {
  clusters: number;
  infra_envs: number;
  hosts: number;
  events: number;
}

/** Bytes of a row, and of its entries in indexes, in their order of magnitude: a host's row holds its inventory and connectivity as text. */
const ROW_BYTES: Readonly<Record<keyof TableRows, readonly [row: number, indexes: number]>> = {
  clusters: [24_000, 120],
  infra_envs: [2500, 120],
  hosts: [42_000, 200],
  events: [420, 260],
};

/** As `/mock/database` tells it. Times are wall-clock milliseconds. */
export interface DatabaseView {
  connections: Record<string, number>;
  used: number;
  allowed: number;
  lockWaits: number;
  longestStatementMs: number;
  statements: { statement: string; calls: number; totalMs: number }[];
  tables: { table: string; bytes: number; indexBytes: number }[];
  events: number;
  hosts: number;
  infraEnvs: number;
}

export class Database {
  readonly #statements = new Map<string, { calls: number; totalMs: number }>();
  /** When those that have not ended began. */
  readonly #active = new Set<{ since: number }>();
  /** Connections that are kept after their statement. */
  #held = 0;
  readonly #faults: PlantedFaults;
  readonly #waiting: (() => void)[] = [];
  /** Most connections that were in use at once, up to what stays open idle. */
  #opened = 1;

  constructor(faults = new PlantedFaults()) {
    this.#faults = faults;
  }

  /**
   * Does work as one statement: at once when a connection is free, else when one is. What the work throws is thrown, or the promise
   * rejects with it.
   * @param name what statements of its kind are counted by
   */
  statement<T>(name: string, work: () => T | Promise<T>): T | Promise<T> {
    if (this.#active.size + this.#held < this.#allowed) return this.#run(name, work);
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.#run(name, work));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  view(rows: TableRows): DatabaseView {
    const active = this.#active.size;
    const held = this.#held;
    const now = wallNow();
    return {
      connections: {
        active,
        idle: Math.max(0, Math.min(this.#opened, this.#allowed) - active - held),
        ...(held > 0 && { 'idle in transaction': held }),
        'waiting for one of the pool': this.#waiting.length,
      },
      used: Math.max(active + held, Math.min(this.#opened, this.#allowed)),
      allowed: this.#allowed,
      lockWaits: 0,
      longestStatementMs: [...this.#active].reduce((longest, { since }) => Math.max(longest, now - since), 0),
      statements: [...this.#statements].map(([statement, counts]) => ({ statement, ...counts })),
      tables: Object.entries(ROW_BYTES).map(([table, [row, indexes]]) => {
        const count = rows[table as keyof TableRows];
        return { table, bytes: count * row, indexBytes: count * indexes };
      }),
      events: rows.events,
      hosts: rows.hosts,
      infraEnvs: rows.infra_envs,
    };
  }

  get #allowed(): number {
    const few = this.#faults.amount('exhausted-pool');
    return few === null ? MOST_CONNECTIONS : Math.ceil(few);
  }

  #run<T>(name: string, given: () => T | Promise<T>): T | Promise<T> {
    const slow = this.#faults.amount('slow-sql');
    const work = slow === null ? given : () => sleep(slow).then(given);
    const entry = { since: wallNow() };
    this.#active.add(entry);
    this.#opened = Math.min(MOST_IDLE, Math.max(this.#opened, this.#active.size));
    let result: T | Promise<T>;
    try {
      result = work();
    } catch (error) {
      this.#end(name, entry);
      throw error;
    }
    if (!(result instanceof Promise)) {
      this.#end(name, entry);
      return result;
    }
    return result.finally(() => this.#end(name, entry));
  }

  #end(name: string, entry: { since: number }): void {
    this.#active.delete(entry);
    let counts = this.#statements.get(name);
    if (!counts) {
      counts = { calls: 0, totalMs: 0 };
      this.#statements.set(name, counts);
    }
    counts.calls++;
    counts.totalMs += wallNow() - entry.since;
    if (this.#faults.amount('exhausted-pool') === null) this.#next();
    else {
      this.#held++;
      setTimeout(() => {
        this.#held--;
        this.#next();
      }, HELD_MS).unref();
    }
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#active.size + this.#held < this.#allowed) this.#waiting.shift()!();
  }
}
