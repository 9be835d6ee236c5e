/**
 * Events about clusters, hosts and infra-envs. Only references are stored; messages are made when somebody reads them.
 * Queries and rate limits: internal/events/event.go.
 */

import type { Clock } from '../../model/time/clock.ts';
import { PlantedFaults } from '../core/planted-faults.ts';
import { eachOf, wireDate } from '../core/wire.ts';
import type { EventsPage, EventsQuery, JsonObject } from '../service-api.ts';
import { EventArchive } from './event-archive.ts';
import { EVENTS, type EventName, type Severity, type Text } from './event-texts.ts';

/** Events of hosts that do not name the cluster. */
const WITHOUT_CLUSTER: ReadonlySet<EventName> = new Set([
  'host_approved_updated',
  'host_discovery_ignition_config_applied',
  'host_unbind_failed',
  'host_unbind_succeeded',
]);

const HOUR = 3_600_000;
const RATE_LIMITS: Readonly<Record<string, number>> = {
  upgrade_agent_started: HOUR,
  upgrade_agent_finished: HOUR,
  upgrade_agent_failed: HOUR,
};

/** What an event is about. */
export interface EventSubject {
  clusterId?: string | undefined;
  hostId?: string | undefined;
  infraEnvId?: string | undefined;
}

interface EventRecord extends EventSubject {
  /** Grows with each row that is stored. */
  readonly ordinal: number;
  readonly time: number;
  readonly name: string;
  readonly severity: Severity;
  readonly metrics: boolean;
  /** Values of the message's template. */
  readonly values: readonly string[];
  /** Message of an event that a client reported. */
  readonly text?: string;
  readonly props: string;
  readonly requestId: string;
}

const DEFAULT_LIMIT = 5000;

/** Told of what events and notices are about. */
export type EventListener = (about: EventSubject) => void;

export class Events {
  readonly #clock: Clock;
  readonly #limits: Readonly<Record<string, number>>;
  /** Those about neither a cluster nor an infra-env. */
  readonly #others: EventRecord[] = [];
  readonly #byCluster = new Map<string, EventRecord[]>();
  readonly #byInfraEnv = new Map<string, EventRecord[]>();
  /** Of clusters and infra-envs that are gone. */
  readonly #archive: EventArchive<EventRecord>;
  #stored = 0;
  #size = 0;
  readonly #lastLimited = new Map<string, number>();
  readonly #keepMetrics: boolean;
  #listener: EventListener | undefined;
  readonly #faults: PlantedFaults;

  /**
   * @param keepMetrics false drops metrics events, as the real service does in kube mode.
   * @param keptAfterMs simulated milliseconds that events outlive what they are about
   */
  constructor(
    clock: Clock,
    limits: Readonly<Record<string, number>> = {},
    keepMetrics = true,
    faults = new PlantedFaults(),
    keptAfterMs = Infinity,
  ) {
    this.#clock = clock;
    this.#archive = new EventArchive(clock, keptAfterMs);
    this.#faults = faults;
    this.#limits = { ...RATE_LIMITS, ...limits };
    this.#keepMetrics = keepMetrics;
  }

  /**
   * Tells of each user event that was sent and each notice, at once: rows may still be changing.
   * Upstream: assisted-service, controllers/controller_event_wrapper.go.
   */
  listen(listener: EventListener): void {
    this.#listener = listener;
  }

  /** Something happened that makes no event. Upstream: NotifyInternalEvent. */
  notice(about: EventSubject): void {
    this.#listener?.(about);
  }

  emit(name: EventName, about: EventSubject, ...values: readonly string[]): void {
    this.emitWith(name, EVENTS[name][0], about, ...values);
  }

  /** Same, with a severity that depends on the case. */
  emitWith(name: EventName, severity: Severity, about: EventSubject, ...values: readonly string[]): void {
    if (this.#isLimited(name, about)) {
      this.#listener?.(about);
      return;
    }
    const subject = WITHOUT_CLUSTER.has(name) ? { ...about, clusterId: undefined } : about;
    this.#store(subject, { name, severity, metrics: false, values, props: '', requestId: '' });
  }

  /** A metrics event: shown only to those who ask for the category. `props` is its data. */
  metrics(name: string, about: EventSubject, props: JsonObject): void {
    this.#store(about, {
      name,
      severity: 'info',
      metrics: true,
      values: [],
      text: '',
      props: JSON.stringify(props),
      requestId: '',
    });
  }

  /** Events that are kept. */
  get size(): number {
    return this.#size;
  }

  /**
   * A cluster or an infra-env is gone: events about nothing that stands are put away, where they take little and can still be asked for, and
   * those that were put away long enough ago are deleted.
   * Upstream: assisted-service, internal/cluster/cluster.go, PermanentClustersDeletion.
   * @param stands whether there is a cluster or an infra-env of an id
   */
  retire(id: string, stands: (id: string) => boolean): void {
    this.#size -= this.#archive.expire();
    const gone = (other: string | undefined) => !other || !stands(other);
    const rows: EventRecord[] = [];
    for (const record of [...(this.#byCluster.get(id) ?? []), ...(this.#byInfraEnv.get(id) ?? [])])
      if (gone(record.clusterId) && gone(record.infraEnvId)) rows.push(record);
    if (rows.length === 0) return;
    const away = new Set(rows);
    for (const index of [this.#byCluster, this.#byInfraEnv])
      for (const key of new Set(rows.map((row) => (index === this.#byCluster ? row.clusterId : row.infraEnvId))))
        if (key) leaveOut(index, key, away);
    this.#archive.add(rows);
  }

  /** An event that a client reports with its own text. */
  report(
    event: {
      name: string;
      severity: Severity;
      category: 'user' | 'metrics';
      message: string;
      props: string;
      requestId: string;
    },
    about: EventSubject,
  ): void {
    this.#store(about, {
      name: event.name,
      severity: event.severity,
      metrics: event.category === 'metrics',
      values: [],
      text: event.message,
      props: event.props,
      requestId: event.requestId,
    });
  }

  #isLimited(name: string, about: EventSubject): boolean {
    const limit = this.#limits[name];
    if (limit === undefined) return false;
    const key = `${name} ${about.hostId ?? about.clusterId ?? about.infraEnvId ?? ''}`;
    const last = this.#lastLimited.get(key);
    const now = this.#clock.now();
    if (last !== undefined && now - last < limit) return true;
    this.#lastLimited.set(key, now);
    return false;
  }

  #store(about: EventSubject, rest: Omit<EventRecord, 'ordinal' | 'time' | keyof EventSubject>): void {
    if (rest.metrics && !this.#keepMetrics) return;
    const { clusterId, hostId, infraEnvId } = about;
    for (let rows = Math.ceil(this.#faults.amount('events-bloat') ?? 1); rows > 0; rows--) {
      const record = { ordinal: this.#stored++, time: this.#clock.now(), clusterId, hostId, infraEnvId, ...rest };
      this.#size++;
      if (clusterId) append(this.#byCluster, clusterId, record);
      if (infraEnvId) append(this.#byInfraEnv, infraEnvId, record);
      if (!clusterId && !infraEnvId) this.#others.push(record);
    }
    if (!rest.metrics) this.#listener?.(about);
  }

  /**
   * One page. What selects depends on what is asked for: a cluster's events are filtered by text, hosts, deleted hosts and level;
   * without a cluster only hosts or the infra-env count, and severities are not counted.
   * Upstream: internal/events/event.go, queryEvents.
   */
  list(query: EventsQuery, isDeletedHost: (infraEnvId: string, hostId: string) => boolean): EventsPage {
    const isDeleted = ({ infraEnvId = '', hostId }: EventRecord) =>
      hostId !== undefined && isDeletedHost(infraEnvId, hostId);
    const categories = query.categories ?? ['user'];
    const counts = { info: 0, warning: 0, error: 0, critical: 0 };
    const matches: EventRecord[] = [];
    for (const record of this.#sourceOf(query)) {
      if (!categories.includes(record.metrics ? 'metrics' : 'user')) continue;
      if (!isAskedFor(record, query, isDeleted)) continue;
      if (query.cluster_id) counts[record.severity]++;
      if (query.severities && !query.severities.includes(record.severity)) continue;
      matches.push(record);
    }
    if (query.order === 'descending') matches.reverse();
    const limit = query.limit ?? DEFAULT_LIMIT;
    const from = query.offset ?? 0;
    const page = limit < 0 ? matches.slice(from) : matches.slice(from, from + limit);
    return { events: eachOf(page, view), total: matches.length, severities: counts };
  }

  #sourceOf({ cluster_id, host_ids, infra_env_id }: EventsQuery): readonly EventRecord[] {
    if (cluster_id) return this.#of(cluster_id, this.#byCluster);
    if (infra_env_id && !host_ids) return this.#of(infra_env_id, this.#byInfraEnv);
    const all = [this.#archive.all(), this.#others, ...this.#byCluster.values()].flat();
    for (const records of this.#byInfraEnv.values())
      for (const record of records) if (!record.clusterId) all.push(record);
    return all.sort(inOrder);
  }

  #of(id: string, index: ReadonlyMap<string, readonly EventRecord[]>): readonly EventRecord[] {
    const live = index.get(id) ?? [];
    const away = this.#archive.of(id);
    return away.length === 0 ? live : [...away, ...live].sort(inOrder);
  }
}

/** Upstream: prepareEventsTable and filterEvents. */
function isAskedFor(record: EventRecord, query: EventsQuery, isDeleted: (record: EventRecord) => boolean): boolean {
  const { cluster_id, host_ids, infra_env_id, message, deleted_hosts, cluster_level } = query;
  const isNamed = record.hostId !== undefined && (host_ids?.includes(record.hostId) ?? false);
  if (cluster_id) {
    if (message && !messageOf(record).toLowerCase().includes(message.toLowerCase())) return false;
    if (!deleted_hosts && !cluster_level && !host_ids) return true;
    return isNamed || (!!cluster_level && record.hostId === undefined) || (!!deleted_hosts && isDeleted(record));
  }
  if (!host_ids) return true;
  return isNamed && (infra_env_id !== undefined || !isDeleted(record));
}

const inOrder = (a: EventRecord, b: EventRecord) => a.ordinal - b.ordinal;

function leaveOut(index: Map<string, EventRecord[]>, key: string, away: ReadonlySet<EventRecord>): void {
  const left = (index.get(key) ?? []).filter((record) => !away.has(record));
  if (left.length > 0) index.set(key, left);
  else index.delete(key);
}

function append(index: Map<string, EventRecord[]>, key: string, record: EventRecord): void {
  const list = index.get(key);
  if (list) list.push(record);
  else index.set(key, [record]);
}

function messageOf(record: EventRecord): string {
  if (record.text !== undefined) return record.text;
  const template: Text = EVENTS[record.name as EventName][1];
  return template(...record.values);
}

function view(record: EventRecord): JsonObject {
  return {
    ...(record.metrics ? { category: 'metrics' } : {}),
    ...(record.clusterId ? { cluster_id: record.clusterId } : {}),
    event_time: wireDate(record.time),
    ...(record.hostId ? { host_id: record.hostId } : {}),
    ...(record.infraEnvId ? { infra_env_id: record.infraEnvId } : {}),
    message: messageOf(record),
    name: record.name,
    ...(record.props === '' ? {} : { props: record.props }),
    ...(record.requestId === '' ? {} : { request_id: record.requestId }),
    severity: record.severity,
  };
}
