/** What is to be known of a database, from wherever it is read, and the figures that it makes. */
import type { Reading } from './collector.ts';

export interface DatabaseState {
  /** Connections by what they do. */
  connections: Record<string, number>;
  /** Connections in use and allowed. */
  used: number;
  allowed: number;
  lockWaits: number;
  /** Milliseconds that the oldest statement has run; 0 for none. */
  longestStatementMs: number;
  /** Since the database began to count; null where it does not. */
  statements: { statement: string; calls: number; totalMs: number }[] | null;
  transactions: { committed: number; rolledBack: number; deadlocks: number } | null;
  tables: {
    table: string;
    bytes: number;
    indexBytes: number;
    deadRows: number | null;
    sequentialScans: number | null;
  }[];
  /** Null where there are none. */
  events: number | null;
  hosts: number | null;
  infraEnvs: number | null;
}

/** Statements named, of those that took most time since the look before. */
const NAMED_STATEMENTS = 5;
const STATEMENT_LENGTH = 80;

/** What connections do that nobody else can have: PostgreSQL, pg_stat_activity.state, and who waits for a lock there. */
const BUSY = [
  'active',
  'idle in transaction',
  'idle in transaction (aborted)',
  'fastpath function call',
  'waiting for a lock',
];

/**
 * Connections of the pool of a service that has its usual settings (DB_MAX_OPEN_CONNECTIONS; assisted-service, cmd/main.go). They are
 * all in work long before a database that allows hundreds has none left.
 */
const SERVICE_POOL = 90;

/** How many there were at the first look, and came since. What is deleted meanwhile takes nothing away. */
class Arrivals {
  #before: number | null = null;
  count = 0;

  look(amount: number): void {
    this.count += Math.max(0, amount - (this.#before ?? 0));
    this.#before = amount;
  }
}

/**
 * How much something grew for each host since the first look. Where more infra-envs than hosts are known, for each infra-env: they come
 * before their hosts, with events and rows of their own.
 */
class GrowthPerHost {
  #before: number | null = null;
  #amount = 0;
  readonly #hosts = new Arrivals();
  readonly #infraEnvs = new Arrivals();

  /** @returns null where there is nothing of it, or no host */
  look(amount: number | null, { hosts, infraEnvs }: Pick<DatabaseState, 'hosts' | 'infraEnvs'>): number | null {
    if (amount === null || hosts === null) return null;
    this.#amount += Math.max(0, amount - (this.#before ?? amount));
    this.#before = amount;
    this.#hosts.look(hosts);
    this.#infraEnvs.look(infraEnvs ?? 0);
    return this.#hosts.count === 0 ? null : this.#amount / Math.max(this.#hosts.count, this.#infraEnvs.count);
  }
}

/** Makes figures of looks at one database. */
export class DatabaseFigures {
  #statements: Map<string, { calls: number; totalMs: number }> | null = null;
  readonly #eventsWritten = new GrowthPerHost();
  readonly #bytesWritten = new GrowthPerHost();

  readings(state: DatabaseState): Reading[] {
    const gauge = (figure: string, value: number, labels = {}): Reading => ({ figure, labels, kind: 'gauge', value });
    const counter = (figure: string, value: number, labels = {}): Reading => ({
      figure,
      labels,
      kind: 'counter',
      value,
    });
    const { events, hosts, transactions } = state;
    const busy = BUSY.reduce((sum, name) => sum + (state.connections[name] ?? 0), 0);
    const eventsWritten = this.#eventsWritten.look(events, state);
    const bytes = state.tables.reduce((sum, table) => sum + table.bytes + table.indexBytes, 0);
    const bytesWritten = this.#bytesWritten.look(bytes, state);
    return [
      ...Object.entries(state.connections).map(([name, count]) =>
        gauge('database_connections', count, { state: name }),
      ),
      ...(state.allowed > 0 ? [gauge('database_connections_share', state.used / state.allowed)] : []),
      ...(state.allowed > 0 ? [gauge('database_connections_busy', busy / Math.min(state.allowed, SERVICE_POOL))] : []),
      gauge('database_lock_waits', state.lockWaits),
      gauge('database_longest_statement', state.longestStatementMs),
      ...this.#statementReadings(state),
      ...(transactions
        ? [
            counter('database_transactions', transactions.committed, { result: 'committed' }),
            counter('database_transactions', transactions.rolledBack, { result: 'rolled back' }),
            counter('database_deadlocks', transactions.deadlocks),
          ]
        : []),
      ...state.tables.flatMap(({ table, bytes, indexBytes, deadRows, sequentialScans }) => [
        gauge('database_table_bytes', bytes, { table }),
        gauge('database_index_bytes', indexBytes, { table }),
        ...(deadRows === null ? [] : [gauge('database_dead_rows', deadRows, { table })]),
        ...(sequentialScans === null ? [] : [counter('database_sequential_scans', sequentialScans, { table })]),
      ]),
      ...(events === null ? [] : [gauge('database_events', events)]),
      ...(events === null || !hosts ? [] : [gauge('database_events_per_host', events / hosts)]),
      ...(eventsWritten === null ? [] : [gauge('database_events_written', eventsWritten)]),
      ...(bytesWritten === null ? [] : [gauge('database_bytes_written', bytesWritten)]),
    ];
  }

  #statementReadings({ statements }: DatabaseState): Reading[] {
    if (!statements) return [];
    const before = this.#statements;
    this.#statements = new Map(statements.map(({ statement, ...counts }) => [statement, counts]));
    const labels = {};
    const calls = statements.reduce((sum, one) => sum + one.calls, 0);
    const all: Reading = { figure: 'database_statements', labels, kind: 'counter', value: calls };
    if (!before) return [all];
    const grown = statements
      .map(({ statement, calls, totalMs }) => {
        const { calls: callsBefore, totalMs: totalBefore } = before.get(statement) ?? { calls: 0, totalMs: 0 };
        return { statement, calls: calls - callsBefore, totalMs: totalMs - totalBefore };
      })
      .filter((one) => one.calls > 0 && one.totalMs >= 0)
      .sort((a, b) => b.totalMs - a.totalMs);
    if (grown.length === 0) return [all];
    const sum = {
      calls: grown.reduce((sum, one) => sum + one.calls, 0),
      totalMs: grown.reduce((sum, one) => sum + one.totalMs, 0),
    };
    return [
      all,
      ...[{ ...sum, statement: 'all' }, ...grown.slice(0, NAMED_STATEMENTS)].map(
        (one): Reading => ({
          figure: 'database_statement_duration',
          labels: { statement: one.statement.replace(/\s+/g, ' ').trim().slice(0, STATEMENT_LENGTH) },
          kind: 'gauge',
          value: one.totalMs / one.calls,
        }),
      ),
    ];
  }
}
