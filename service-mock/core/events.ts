/**
 * Events about clusters, hosts and infra-envs. Only references are stored; messages are made when somebody reads them.
 * Names and severities: Service facts appendix C; queries: 1.7; rate limits: 10. The texts are this service's own.
 */

import type { Clock } from '../../model/time/clock.ts';
import type { EventsPage, EventsQuery, JsonObject } from '../service-api.ts';
import { wireDate } from './wire.ts';

export type Severity = 'info' | 'warning' | 'error' | 'critical';
type Text = (...values: readonly string[]) => string;

const define = <const T extends Readonly<Record<string, readonly [Severity, Text]>>>(table: T) => table;

const EVENTS = define({
  cluster_registration_succeeded: ['info', () => 'The cluster was registered'],
  cluster_deregistered: ['info', () => 'The cluster was deleted'],
  cluster_status_updated: ['info', (to, why) => `Cluster is now ${to}${why ? `: ${why}` : ''}`],
  cluster_validation_failed: ['warning', (id, how) => `Cluster validation '${id}' ${how}`],
  cluster_validation_fixed: ['info', (id) => `Cluster validation '${id}' passes again`],
  cluster_installation_completed: ['info', () => 'The cluster installation is complete'],
  cluster_installation_failed: ['critical', (why) => `The cluster installation failed: ${why}`],
  cluster_installation_canceled: ['info', () => 'The cluster installation was canceled'],
  cancel_installation_failed: ['error', (why) => `Canceling the installation failed: ${why}`],
  cluster_installation_reset: ['info', () => 'The cluster installation was reset'],
  reset_installation_failed: ['error', (why) => `Resetting the installation failed: ${why}`],
  cluster_finalizing_stage_updated: ['info', (stage) => `Finalizing stage is now '${stage}'`],
  finalizing_stage_timed_out: [
    'warning',
    (stage, minutes) => `Finalizing stage '${stage}' takes longer than ${minutes} minutes`,
  ],
  cluster_prepare_installation_started: ['info', () => 'Preparation of the installation has started'],
  prepare_installation_failed: ['warning', (why) => `Preparation of the installation failed: ${why}`],
  installation_preparing_timed_out: ['warning', (why) => `Preparation of the installation took too long: ${why}`],
  cluster_degraded_OLM_operators_failed: ['warning', (names) => `The cluster is degraded, operators failed: ${names}`],
  cluster_operator_status: ['info', (name, status, text) => `Operator ${name} is ${status}${text ? `: ${text}` : ''}`],
  cluster_operator_report: ['info', (names) => `Failed operators: ${names}`],
  cluster_logs_uploaded: ['info', () => 'Controller logs were uploaded'],
  install_config_applied: ['info', () => 'Install config overrides were applied'],
  proxy_settings_changed: ['info', () => 'Proxy settings changed'],
  validations_ignored: ['info', () => 'The installation goes on although validations are ignored'],
  host_approved_updated: ['info', (name, approved) => `Host ${name}: updated approved to ${approved}`],
  host_registration_succeeded: ['info', (name) => `Host ${name}: registered`],
  host_registration_failed: ['error', (name, why) => `Host ${name}: registration failed: ${why}`],
  host_deregistered: ['info', (name) => `Host ${name}: deleted`],
  host_status_updated: ['info', (name, from, to, why) => `Host ${name}: ${from} became ${to}${why ? ` (${why})` : ''}`],
  host_validation_failed: ['warning', (name, id, how) => `Host ${name}: validation '${id}' ${how}`],
  host_validation_fixed: ['info', (name, id) => `Host ${name}: validation '${id}' passes again`],
  host_role_updated: ['info', (name, role) => `Host ${name}: suggested role is ${role}`],
  host_bootstrap_set: ['info', (name) => `Host ${name}: is the bootstrap host`],
  host_bind_succeeded: ['info', (name) => `Host ${name}: bound to the cluster`],
  host_bind_failed: ['error', (name, why) => `Host ${name}: binding failed: ${why}`],
  host_unbind_succeeded: ['info', (name) => `Host ${name}: freed from the cluster`],
  host_unbind_failed: ['error', (name, why) => `Host ${name}: freeing failed: ${why}`],
  host_media_disconnected: ['error', (name) => `Host ${name}: lost its installation medium`],
  host_stage_timed_out: [
    'warning',
    (name, stage, minutes) => `Host ${name}: stage '${stage}' takes longer than ${minutes} minutes`,
  ],
  host_installation_started: ['info', (name) => `Host ${name}: installation started`],
  host_installation_cancelled: ['info', (name) => `Host ${name}: installation canceled`],
  host_cancel_installation_failed: ['error', (name, why) => `Host ${name}: canceling failed: ${why}`],
  host_installation_reset: ['info', (name) => `Host ${name}: installation reset`],
  host_installation_reset_failed: ['error', (name, why) => `Host ${name}: reset failed: ${why}`],
  user_required_complete_installation_reset: [
    'info',
    (name) => `Host ${name}: must be booted into the discovery image to finish the reset`,
  ],
  host_installer_args_applied: ['info', (name) => `Host ${name}: installer arguments were applied`],
  host_discovery_ignition_config_applied: ['info', (name) => `Host ${name}: ignition override was applied`],
  host_install_progress_updated: [
    'info',
    (name, stage, text) => `Host ${name}: reached stage ${stage}${text ? ` (${text})` : ''}`,
  ],
  host_logs_uploaded: ['info', (name) => `Host ${name}: logs were uploaded`],
  image_status_updated: [
    'info',
    (name, image, result, text) => `Host ${name}: image ${image} ${result}${text ? ` (${text})` : ''}`,
  ],
  quick_disk_format_performed: ['info', (name, disk) => `Host ${name}: quick format of disk ${disk}`],
  quick_disk_format_skipped: ['info', (name, disk) => `Host ${name}: quick format of disk ${disk} left out`],
  disk_speed_slower_than_supported: [
    'warning',
    (path, ms) => `Disk ${path} is slower than supported (sync takes ${ms} ms)`,
  ],
  upgrade_agent_started: ['info', (name, image) => `Host ${name}: agent is upgraded to ${image}`],
  upgrade_agent_finished: ['info', (name, image) => `Host ${name}: agent was upgraded to ${image}`],
  upgrade_agent_failed: ['error', (name, image) => `Host ${name}: upgrade of the agent to ${image} failed`],
  infra_env_registered: ['info', () => 'The infra-env was registered'],
  infra_env_deregistered: ['info', () => 'The infra-env was deleted'],
  image_info_updated: ['info', (type) => `Image information updated, image type is "${type}"`],
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
  readonly #all: EventRecord[] = [];
  readonly #byCluster = new Map<string, EventRecord[]>();
  readonly #byInfraEnv = new Map<string, EventRecord[]>();
  readonly #lastLimited = new Map<string, number>();
  readonly #keepMetrics: boolean;
  #listener: EventListener | undefined;

  /** @param keepMetrics false drops metrics events, as the real service does in kube mode. */
  constructor(clock: Clock, limits: Readonly<Record<string, number>> = {}, keepMetrics = true) {
    this.#clock = clock;
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

  #store(about: EventSubject, rest: Omit<EventRecord, 'time' | keyof EventSubject>): void {
    if (rest.metrics && !this.#keepMetrics) return;
    const record: EventRecord = {
      time: this.#clock.now(),
      clusterId: about.clusterId,
      hostId: about.hostId,
      infraEnvId: about.infraEnvId,
      ...rest,
    };
    this.#all.push(record);
    if (record.clusterId) append(this.#byCluster, record.clusterId, record);
    if (record.infraEnvId) append(this.#byInfraEnv, record.infraEnvId, record);
    if (!record.metrics) this.#listener?.(about);
  }

  /** One page; counts are over everything that matches apart from `severities`, limit and offset. */
  list(query: EventsQuery, isDeletedHost: (infraEnvId: string, hostId: string) => boolean): EventsPage {
    const source = query.cluster_id
      ? this.#byCluster.get(query.cluster_id)
      : query.infra_env_id
        ? this.#byInfraEnv.get(query.infra_env_id)
        : this.#all;
    const categories = query.categories ?? ['user'];
    const counts = { info: 0, warning: 0, error: 0, critical: 0 };
    const matches: EventRecord[] = [];
    for (const record of source ?? []) {
      if (!categories.includes(record.metrics ? 'metrics' : 'user')) continue;
      if (query.infra_env_id && record.infraEnvId !== query.infra_env_id) continue;
      if (!matchesHosts(record, query)) continue;
      if (
        !query.deleted_hosts &&
        !query.host_ids &&
        record.hostId &&
        isDeletedHost(record.infraEnvId ?? '', record.hostId)
      )
        continue;
      if (query.message && !messageOf(record).toLowerCase().includes(query.message.toLowerCase())) continue;
      counts[record.severity]++;
      if (query.severities && !query.severities.includes(record.severity)) continue;
      matches.push(record);
    }
    if (query.order === 'descending') matches.reverse();
    const limit = query.limit ?? DEFAULT_LIMIT;
    const from = query.offset ?? 0;
    const page = limit < 0 ? matches.slice(from) : matches.slice(from, from + limit);
    return { events: page.map(view), total: matches.length, severities: counts };
  }
}

/** `host_ids` and `cluster_level` widen each other: the selected hosts' events, plus those that name no host. */
function matchesHosts(record: EventRecord, query: EventsQuery): boolean {
  if (query.host_ids === undefined && query.cluster_level === undefined) return true;
  if (record.hostId === undefined) return query.cluster_level ?? false;
  if (query.host_ids === undefined) return query.deleted_hosts ?? query.cluster_level !== true;
  return query.host_ids.includes(record.hostId);
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
