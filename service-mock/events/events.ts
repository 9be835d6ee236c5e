/**
 * Events about clusters, hosts and infra-envs. Only references are stored; messages are made when somebody reads them.
 * Queries and rate limits: internal/events/event.go.
 */

import type { Clock } from '../../model/time/clock.ts';
import { PlantedFaults } from '../core/planted-faults.ts';
import { eachOf, wireDate } from '../core/wire.ts';
import type { EventsPage, EventsQuery, JsonObject } from '../service-api.ts';
import { EventArchive } from './event-archive.ts';

export type Severity = 'info' | 'warning' | 'error' | 'critical';
type Text = (...values: readonly string[]) => string;

const define = <const T extends Readonly<Record<string, readonly [Severity, Text]>>>(table: T) => table;

/** Of an event, and of the state that it brings. Upstream: assisted-service, internal/host/common.go. */
export const MEDIA_LOST =
  'Unable to read from the discovery media. It was either disconnected or poor network conditions prevented it from being read. Try using the minimal ISO option and be sure to keep the media connected until the installation is completed';

/** Names, severities and texts. Upstream: assisted-service, docs/events.yaml; people's scripts match on them. */
const EVENTS = define({
  api_ingress_vip_updated: [
    'info',
    (api, ingress) => `Cluster was updated with api-vip ${api}, ingress-vip ${ingress}`,
  ],
  cluster_registration_succeeded: ['info', () => 'Successfully registered cluster'],
  cluster_deregistered: ['info', () => 'Deregistered cluster'],
  cluster_status_updated: ['info', (to) => `Updated status of the cluster to ${to}`],
  cluster_validation_failed: ['warning', (id, how) => `Cluster validation '${id}' ${how}`],
  cluster_validation_fixed: ['info', (id) => `Cluster validation '${id}' is now fixed`],
  cluster_installation_completed: ['info', () => 'Successfully completed installing cluster'],
  cluster_installation_failed: ['critical', (why) => `Failed installing cluster. Reason: ${why}`],
  cluster_installation_canceled: ['info', () => 'Canceled cluster installation'],
  cancel_installation_failed: ['error', (why) => `Failed to cancel installation: ${why}`],
  cluster_installation_reset: ['info', () => 'Reset cluster installation'],
  reset_installation_failed: ['error', (why) => `Failed to reset installation. Error: ${why}`],
  cluster_finalizing_stage_updated: ['info', (stage) => `Updated finalizing stage of the cluster to '${stage}'`],
  finalizing_stage_timed_out: [
    'warning',
    (id, stage, minutes) =>
      `Cluster ${id}: finalizing stage ${stage} has been active more than the expected completion time (${minutes} minutes)`,
  ],
  cluster_prepare_installation_started: ['info', () => 'Cluster starting to prepare for installation'],
  prepare_installation_failed: [
    'warning',
    (why) => `Failed to prepare the installation due to an unexpected error: ${why}. Please retry later`,
  ],
  installation_preparing_timed_out: [
    'warning',
    (why) => `Preparing for installation was timed out for the cluster, reason ${why}`,
  ],
  cluster_degraded_OLM_operators_failed: [
    'warning',
    (names) => `Cluster is installed but degraded due to failed OLM operators ${names}`,
  ],
  cluster_operator_status: ['info', (name, status, text) => `Operator ${name} status: ${status} message: ${text}`],
  cluster_operator_report: ['info', (names) => `The following operators are experiencing issues: ${names}`],
  cluster_logs_uploaded: ['info', () => 'Uploaded logs for the cluster'],
  install_config_applied: ['info', () => 'Custom install config was applied to the cluster'],
  proxy_settings_changed: ['info', () => 'Proxy settings changed'],
  validations_ignored: ['info', (id) => `Cluster ${id}: ignored some or all validations at the discretion of the user`],
  host_approved_updated: ['info', (name, approved) => `Host ${name}: updated approved to ${approved}`],
  host_registration_succeeded: ['info', (name) => `Host ${name}: Successfully registered`],
  host_registration_failed: ['error', (why) => why ?? ''],
  host_deregistered: ['info', (name) => `Host ${name} deregistered`],
  host_status_updated: [
    'info',
    // The blank before what may be nothing is upstream's.
    (name, from, to, why) => `Host ${name}: updated status from ${from} to ${to} ${why ? `(${why})` : ''}`,
  ],
  host_validation_failed: ['warning', (name, id, how) => `Host ${name}: validation '${id}' ${how}`],
  host_validation_fixed: ['info', (name, id) => `Host ${name}: validation '${id}' is now fixed`],
  host_role_updated: ['info', (name, role) => `Host ${name}: calculated role is ${role}`],
  host_bootstrap_set: ['info', (name) => `Host ${name}: set as bootstrap`],
  host_bind_succeeded: ['info', (name, id) => `Host ${name}: Successfully bound to cluster ${id}`],
  host_bind_failed: ['error', (host, id, why) => `Failed to bind host ${host} to cluster ${id}: ${why}`],
  host_unbind_succeeded: ['info', (name) => `Host ${name}: Successfully unbound from cluster`],
  host_unbind_failed: ['error', (host, why) => `Failed to unbind host ${host} to cluster: ${why}`],
  host_media_disconnected: ['error', () => MEDIA_LOST],
  host_stage_timed_out: [
    'warning',
    (name, stage, minutes) =>
      `Host ${name}: host stage ${stage} has been active more than the expected completion time (${minutes} minutes)`,
  ],
  host_installation_started: ['info', (name) => `Host ${name} starting installation as a worker node`],
  host_installation_cancelled: ['info', (name) => `Installation cancelled for host ${name}`],
  host_cancel_installation_failed: ['error', (name, why) => `Failed to cancel installation of host ${name}: ${why}`],
  host_installation_reset: ['info', (name) => `Installation reset for host ${name}`],
  host_installation_reset_failed: [
    'error',
    (name, why) => `Failed to reset installation of host ${name}. Error: ${why}`,
  ],
  user_required_complete_installation_reset: [
    'info',
    (name) => `User action is required in order to complete installation reset for host ${name}`,
  ],
  host_installer_args_applied: ['info', (name) => `Host ${name}: custom installer arguments were applied`],
  host_discovery_ignition_config_applied: [
    'info',
    (name) => `Host ${name}: custom discovery ignition config was applied`,
  ],
  host_install_progress_updated: [
    'info',
    (name, stage, text) => `Host: ${name}, reached installation stage ${stage}${text ? `: ${text}` : ''}`,
  ],
  host_logs_uploaded: ['info', (name, id) => `Uploaded logs for host ${name} cluster ${id}`],
  image_status_updated: [
    'info',
    (name, image, result, text) => `Host ${name}: New image status ${image}. result: ${result}. ${text}`,
  ],
  quick_disk_format_performed: ['info', (name, disk, id) => `${name}: Performing quick format of disk ${disk}(${id})`],
  quick_disk_format_skipped: [
    'info',
    (name, disk, id) =>
      `${name}: Skipping quick format of disk ${disk}(${id}) due to user request. This could lead to boot order issues during installation`,
  ],
  disk_speed_slower_than_supported: [
    'warning',
    (path, ms) =>
      `Host's disk ${path} is slower than the supported speed, and may cause degraded cluster performance (fdatasync duration: ${ms} ms)`,
  ],
  upgrade_agent_started: [
    'info',
    (name, image) => `Host ${name}: Agent has been instructed to download image '${image}' and restart`,
  ],
  upgrade_agent_finished: [
    'info',
    (name, image) => `Host ${name}: Agent has downloaded image '${image}' and will now restart`,
  ],
  upgrade_agent_failed: [
    'error',
    (name, image) => `Host ${name}: Agent failed to download image '${image}', will try again`,
  ],
  infra_env_registered: ['info', () => 'Registered infra env'],
  infra_env_deregistered: ['info', () => 'Deregistered infra env'],
  image_info_updated: ['info', (details) => `Updated image information (${details})`],
});

export type EventName = keyof typeof EVENTS;

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
