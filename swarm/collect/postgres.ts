/**
 * The service's PostgreSQL, by a connection of our own that only reads. Statements are data; each is cheap: no rows of the service's
 * tables are read but those of hosts and infra-envs, everything else comes from the statistics that PostgreSQL keeps (Monitoring Stats in its manual).
 */
import pg from 'pg';
import { redactText, redactUrl } from '../plan/redact.ts';
import type { Collector, Reading } from './collector.ts';
import { DatabaseFigures, type DatabaseState } from './database-state.ts';
import { reasonOf } from './http-text.ts';

const TIMEOUT_MS = 10_000;
/** Tables that are told of, the largest first. The service's schema has about thirty. */
const TABLES = 40;
/** Statements that are looked at, those that took most time first. */
const STATEMENTS = 200;

/** Each is marked, so that what we ask is not taken for the service's. */
const SQL = {
  connections: `select /* assisted-swarm */ case when wait_event_type = 'Lock' then 'waiting for a lock' else coalesce(state, 'unknown') end as state, count(*)::int as count
    from pg_stat_activity where backend_type = 'client backend' and datname = current_database() and pid <> pg_backend_pid() group by 1`,
  activity: `select /* assisted-swarm */ (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as allowed,
      count(*) filter (where wait_event_type = 'Lock')::int as "lockWaits",
      coalesce(max(extract(epoch from clock_timestamp() - query_start) * 1000) filter (where state = 'active'), 0)::float8 as "longestStatementMs"
    from pg_stat_activity where backend_type = 'client backend' and datname = current_database() and pid <> pg_backend_pid()`,
  hasStatements: `select /* assisted-swarm */ count(*)::int as count from pg_extension where extname = 'pg_stat_statements'`,
  statements: `select /* assisted-swarm */ query as statement, sum(calls)::float8 as calls, sum(total_exec_time)::float8 as "totalMs" from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database()) and query not like '%/* assisted-swarm */%' group by 1 order by 3 desc limit ${STATEMENTS}`,
  transactions: `select /* assisted-swarm */ xact_commit::float8 as committed, xact_rollback::float8 as "rolledBack", deadlocks::float8 as deadlocks
    from pg_stat_database where datname = current_database()`,
  tables: `select /* assisted-swarm */ relname as "table", pg_table_size(relid)::float8 as bytes, pg_indexes_size(relid)::float8 as "indexBytes",
      n_dead_tup::float8 as "deadRows", seq_scan::float8 as "sequentialScans", n_live_tup::float8 as rows
    from pg_stat_user_tables order by pg_total_relation_size(relid) desc limit ${TABLES}`,
  hasHosts: `select /* assisted-swarm */ (to_regclass('hosts') is not null)::int as count`,
  hosts: 'select /* assisted-swarm */ count(*)::int as count from hosts where deleted_at is null',
  hasInfraEnvs: `select /* assisted-swarm */ (to_regclass('infra_envs') is not null)::int as count`,
  infraEnvs: 'select /* assisted-swarm */ count(*)::int as count from infra_envs where deleted_at is null',
} as const;

export class PostgresCollector implements Collector {
  readonly name = 'database';
  readonly target: string;
  readonly #url: string;
  readonly #figures = new DatabaseFigures();
  #client: pg.Client | null = null;
  #missing: string | null = null;

  /** @param url such as postgres://user:password@host:5432/installer */
  constructor(url: string) {
    this.#url = url;
    this.target = redactUrl(url);
  }

  get missing(): string | null {
    return this.#missing;
  }

  async collect(signal: AbortSignal): Promise<Reading[]> {
    const abandon = () => void this.close();
    signal.addEventListener('abort', abandon, { once: true });
    try {
      const client = await this.#connected();
      return this.#figures.readings(await this.#state(client));
    } catch (cause) {
      await this.close();
      signal.throwIfAborted();
      throw new Error(`${this.target}: ${redactText(reasonOf(cause as Error))}`, { cause });
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'assisted-swarm',
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
    });
    // A connection that breaks between two looks is told by the next one.
    client.on('error', () => {
      if (this.#client === client) this.#client = null;
    });
    this.#client = client;
    await client.connect();
    // Not as parameters of the connection, which PgBouncer would refuse.
    await client.query(`set default_transaction_read_only = on; set statement_timeout = ${TIMEOUT_MS}`);
    return client;
  }

  async #state(client: pg.Client): Promise<DatabaseState> {
    const rows = async <T extends pg.QueryResultRow>(sql: string) => (await client.query<T>(sql)).rows;
    type Activity = Pick<DatabaseState, 'used' | 'allowed' | 'lockWaits' | 'longestStatementMs'>;
    const [activity] = await rows<Activity>(SQL.activity);
    const connections = await rows<{ state: string; count: number }>(SQL.connections);
    const tables = await rows<DatabaseState['tables'][number] & { rows: number }>(SQL.tables);
    const [transactions] = await rows<NonNullable<DatabaseState['transactions']>>(SQL.transactions);
    const countOf = async (sql: string) => (await rows<{ count: number }>(sql))[0]!.count;
    return {
      ...activity!,
      connections: Object.fromEntries(connections.map(({ state, count }) => [state, count])),
      statements: await this.#statements(client),
      transactions: transactions ?? null,
      tables,
      events: tables.find(({ table }) => table === 'events')?.rows ?? null,
      hosts: (await countOf(SQL.hasHosts)) === 0 ? null : await countOf(SQL.hosts),
      infraEnvs: (await countOf(SQL.hasInfraEnvs)) === 0 ? null : await countOf(SQL.infraEnvs),
    };
  }

  /** Null with a word in `missing` where the extension is not there, or not for this user. */
  async #statements(client: pg.Client): Promise<DatabaseState['statements']> {
    const { rows } = await client.query<{ count: number }>(SQL.hasStatements);
    if (rows[0]!.count === 0) {
      this.#missing =
        'no durations of statements: the extension pg_stat_statements is not there (shared_preload_libraries, then create extension)';
      return null;
    }
    try {
      const found = await client.query<{ statement: string; calls: number; totalMs: number }>(SQL.statements);
      this.#missing = null;
      return found.rows;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      this.#missing = `no durations of statements: ${error.message}`;
      return null;
    }
  }
}
