/**
 * The metrics that threads count in shared memory, as one table. What follows from a row: its place in memory (telemetry-layout.ts), how it
 * is written (`add` and `record` of shared-telemetry.ts), how it is read (counted-reader.ts), and its series (counted-rows.ts).
 */
import { BOOT_KINDS } from '../../model/protocol/boot-kinds.ts';
import { CLIENT_KINDS, ENDPOINTS, type EndpointName } from '../../model/protocol/endpoints.ts';
import { TRANSPORT_ERROR_KINDS } from '../../model/protocol/outcomes.ts';
import { HOST_STAGES, type HostRole, STEP_TYPES, type StepType } from '../../model/protocol/states.ts';
import { LATENCY_BOUNDS, STAGE_BOUNDS } from './metric-bounds.ts';
import { type CountedRow, Dimension, type Dimensions, type MetricType, type Position } from './metric-cells.ts';
import { ERROR_KINDS, REPEATS, RESULTS, type RequestOutcome } from './telemetry.ts';

export const HOST_ROLES: readonly HostRole[] = ['auto-assign', 'master', 'arbiter', 'worker', 'bootstrap'];
export const STEP_NAMES: readonly (StepType | 'unknown')[] = [...STEP_TYPES, 'unknown'];
/** What became of a step that was received. `dropped`: its program ended first, as with a reboot. */
export const REPLY_FATES = ['posted', 'deduplicated', 'failed', 'dropped'] as const;
/**
 * How attempts of a kind of client ended: with a status below 400, one of the service's refusals, a failure of the service, a failure of
 * this machine.
 */
export const ANSWERS = ['good', 'refused', 'failed', 'own'] as const;

/** Statuses are counted exactly in this range; the rest share one counter. */
const FIRST_STATUS = 100;
const STATUSES = 500;
const OUTCOMES = [
  ...Array.from({ length: STATUSES }, (_, i) => String(FIRST_STATUS + i)),
  'other',
  ...TRANSPORT_ERROR_KINDS,
];

export const CLIENT = new Dimension('client', CLIENT_KINDS);
export const ENDPOINT = new Dimension(
  'endpoint',
  ENDPOINTS.map(({ name }): EndpointName => name),
  (position) => ({ method: ENDPOINTS[position]!.method }),
);
/** An endpoint where its method is not asked for. */
export const NAMED_ENDPOINT = new Dimension('endpoint', ENDPOINT.values);
/** The HTTP status, a TransportErrorKind, or `other` for statuses that are not counted exactly. */
export const CODE = new Dimension('code', OUTCOMES);
export const RESULT = new Dimension('result', RESULTS);
export const ANSWER = new Dimension('answer', ANSWERS);
export const REPEAT = new Dimension('how', REPEATS);
export const CONNECTION_EVENT = new Dimension('event', ['opened', 'closed'] as const);
export const ROLE = new Dimension('role', HOST_ROLES);
export const STAGE = new Dimension('stage', HOST_STAGES);
export const BOOT_KIND = new Dimension('kind', BOOT_KINDS);
export const STEP = new Dimension('step', STEP_NAMES);
export const FATE = new Dimension('fate', REPLY_FATES);
/** Slow links of a plan by their place in it, from 1. */
export const LINK = new Dimension('link', ['1', '2', '3', '4', '5', '6', '7', '8'] as const);
export const ERROR_KIND = new Dimension('kind', ERROR_KINDS);

/** The place of an outcome in {@link CODE}. */
export function codePosition(outcome: RequestOutcome): Position<'code'> {
  if (typeof outcome !== 'number') return CODE.of(outcome);
  const status = outcome - FIRST_STATUS;
  return (status >= 0 && status < STATUSES ? status : STATUSES) as Position<'code'>;
}

const metric = <const T extends MetricType, const D extends Dimensions>(row: CountedRow<T, D>) => row;

/** What a thread says of itself, replaced once a second. */
export const THREAD_METRICS = {
  heartbeatMs: metric({
    type: 'gauge',
    help: 'Wall-clock moment at which the thread said so.',
    unit: 'milliseconds',
    dimensions: [],
  }),
  heapBytes: metric({
    type: 'gauge',
    name: 'swarm_heap_bytes',
    help: 'JavaScript heap in use, by thread.',
    unit: 'bytes',
    dimensions: [],
  }),
  lagMs: metric({
    type: 'gauge',
    name: 'swarm_event_loop_lag_seconds',
    help: 'Longest stall of the event loop during the last second, by thread.',
    unit: 'milliseconds',
    dimensions: [],
  }),
  utilization: metric({
    type: 'gauge',
    name: 'swarm_event_loop_utilization_ratio',
    help: 'Share of the last second that the event loop was busy, by thread.',
    unit: 'ratio',
    dimensions: [],
  }),
};

export type ThreadGauge = keyof typeof THREAD_METRICS;
export const THREAD_GAUGES = Object.keys(THREAD_METRICS) as ThreadGauge[];
export type ThreadGauges = Record<ThreadGauge, number>;

export const REQUEST_METRICS = {
  requests: metric({
    type: 'counter',
    name: 'swarm_requests_total',
    help: 'Request attempts by imitated client, endpoint and outcome; code is the HTTP status or why there was none.',
    unit: 'one',
    dimensions: [CLIENT, ENDPOINT, CODE],
  }),
  sinceDue: metric({
    type: 'histogram',
    name: 'swarm_request_duration_seconds',
    help: 'Time from the moment an attempt was due to its end, by client, endpoint and result: answered (below 500) or failed.',
    unit: 'milliseconds',
    dimensions: [RESULT, CLIENT, NAMED_ENDPOINT],
    labels: ['client', 'endpoint', 'result'],
    bounds: LATENCY_BOUNDS,
  }),
  sinceSent: metric({
    type: 'histogram',
    name: 'swarm_request_send_duration_seconds',
    help: 'Time from the moment an attempt was handed to the socket to its end, by client, endpoint and result.',
    unit: 'milliseconds',
    dimensions: [RESULT, CLIENT, NAMED_ENDPOINT],
    labels: ['client', 'endpoint', 'result'],
    bounds: LATENCY_BOUNDS,
  }),
  untilSuccess: metric({
    type: 'histogram',
    name: 'swarm_request_success_duration_seconds',
    help: 'Time from the moment a request was first due to the answer it wanted, retries included, by client and endpoint.',
    unit: 'milliseconds',
    dimensions: [CLIENT, NAMED_ENDPOINT],
    bounds: LATENCY_BOUNDS,
  }),
  openLoop: metric({
    type: 'histogram',
    name: 'swarm_poll_wait_seconds',
    help: 'Time from the moment a poll was due to its answer as an open loop measures it: polls never sent because the one before had no answer are counted.',
    unit: 'milliseconds',
    dimensions: [],
    bounds: LATENCY_BOUNDS,
  }),
  missedPolls: metric({
    type: 'counter',
    name: 'swarm_polls_missed_total',
    help: 'Polls that were never sent because the one before had no answer.',
    unit: 'one',
    dimensions: [],
  }),
  repeats: metric({
    type: 'counter',
    name: 'swarm_requests_repeated_total',
    help: 'Requests sent once more inside one attempt: replayed on another connection, or redirected.',
    unit: 'one',
    dimensions: [REPEAT],
    zeros: true,
  }),
  answers: metric({
    type: 'counter',
    help: 'Attempts of a kind of client by how they ended, but for those that we aborted ourselves.',
    unit: 'one',
    dimensions: [CLIENT, ANSWER],
  }),
  answered: metric({
    type: 'histogram',
    help: 'Time since due of all that was answered, for a look at each second.',
    unit: 'milliseconds',
    dimensions: [],
  }),
};

export const LATENESS_METRICS = {
  lateness: metric({
    type: 'histogram',
    name: 'swarm_poll_lateness_seconds',
    help: 'Time between the moment a poll was due and the moment the generator started it.',
    unit: 'milliseconds',
    dimensions: [],
    bounds: LATENCY_BOUNDS,
  }),
};

export const TRAFFIC_METRICS = {
  connections: metric({
    type: 'counter',
    help: 'Connections to the service that were opened and closed. The registry reads them together, for their difference is a metric.',
    unit: 'one',
    dimensions: [CONNECTION_EVENT],
  }),
  sentBytes: metric({
    type: 'counter',
    name: 'swarm_sent_bytes_total',
    help: 'Bytes of requests by client and endpoint: headers included, frames of chunks and TLS not.',
    unit: 'bytes',
    dimensions: [CLIENT, NAMED_ENDPOINT],
    alongside: 'receivedBytes',
  }),
  receivedBytes: metric({
    type: 'counter',
    name: 'swarm_received_bytes_total',
    help: 'Bytes of responses by client and endpoint: headers included, frames of chunks and TLS not.',
    unit: 'bytes',
    dimensions: [CLIENT, NAMED_ENDPOINT],
    alongside: 'sentBytes',
  }),
};

/** Of machines with slow links alone. */
export const LINK_METRICS = {
  linkConnections: metric({
    type: 'counter',
    name: 'swarm_link_connections_total',
    help: 'Connections opened over slow links, by the place of the link in the plan.',
    unit: 'one',
    dimensions: [LINK],
  }),
  linkStalls: metric({
    type: 'counter',
    name: 'swarm_link_stalls_total',
    help: 'Packets lost on slow links, for which what came after them waited.',
    unit: 'one',
    dimensions: [LINK],
    alongside: 'linkConnections',
  }),
  linkResets: metric({
    type: 'counter',
    name: 'swarm_link_resets_total',
    help: 'Connections given up because a packet was lost on a slow link as often as TCP sends it.',
    unit: 'one',
    dimensions: [LINK],
    alongside: 'linkConnections',
  }),
  linkConnects: metric({
    type: 'histogram',
    name: 'swarm_link_connect_duration_seconds',
    help: 'Time until a connection over a slow link could be used, TLS handshake included.',
    unit: 'milliseconds',
    dimensions: [LINK],
    bounds: LATENCY_BOUNDS,
  }),
  linkRequests: metric({
    type: 'histogram',
    name: 'swarm_link_request_duration_seconds',
    help: 'Time from the moment an attempt over a slow link was due to its answer (below 500).',
    unit: 'milliseconds',
    dimensions: [LINK],
    bounds: LATENCY_BOUNDS,
  }),
  linkedRequests: metric({
    type: 'histogram',
    help: 'The same by client and endpoint: these are in sinceDue, too.',
    unit: 'milliseconds',
    dimensions: [CLIENT, NAMED_ENDPOINT],
  }),
  unlinkedRequests: metric({
    type: 'histogram',
    help: 'The same attempts, less the time in which their bytes were under way on the link.',
    unit: 'milliseconds',
    dimensions: [CLIENT, NAMED_ENDPOINT],
  }),
};

export const HOST_METRICS = {
  stages: metric({
    type: 'histogram',
    name: 'swarm_stage_duration_seconds',
    help: 'Simulated time that hosts spent in an installation stage, by role and stage.',
    unit: 'simulated milliseconds',
    dimensions: [ROLE, STAGE],
    bounds: STAGE_BOUNDS,
  }),
  bootRequests: metric({
    type: 'counter',
    name: 'swarm_boot_downloads_total',
    help: 'Requests of booting hosts by what they download; code is the HTTP status or why there was none.',
    unit: 'one',
    dimensions: [BOOT_KIND, CODE],
  }),
  bootBytes: metric({
    type: 'counter',
    name: 'swarm_boot_download_bytes_total',
    help: 'Bytes that booting hosts have received, headers excluded, by what they download.',
    unit: 'bytes',
    dimensions: [BOOT_KIND],
    alongside: 'bootRequests',
  }),
  bootDurations: metric({
    type: 'histogram',
    name: 'swarm_boot_download_duration_seconds',
    help: 'Simulated time until a booting host had all of it, retries included, by what it downloads.',
    unit: 'simulated milliseconds',
    dimensions: [BOOT_KIND],
    alongside: 'bootRequests',
    bounds: STAGE_BOUNDS,
  }),
  bootWaits: metric({
    type: 'histogram',
    help: 'Time from a request of a booting host until its answer began, by what it downloads.',
    unit: 'milliseconds',
    dimensions: [BOOT_KIND],
  }),
  stepReplies: metric({
    type: 'counter',
    name: 'swarm_step_replies_total',
    help: 'What became of steps by type and fate: posted, deduplicated as the stock agent does, failed, or dropped as their program ended first.',
    unit: 'one',
    dimensions: [STEP, FATE],
  }),
  // Below the replies, and so read after them: steps that were received are never fewer than those that have a fate.
  stepsReceived: metric({
    type: 'counter',
    name: 'swarm_steps_received_total',
    help: 'Steps that agents were told to do, by type; those that have no fate yet are in flight.',
    unit: 'one',
    dimensions: [STEP],
  }),
};

export const ERROR_METRICS = {
  errors: metric({
    type: 'counter',
    name: 'swarm_errors_total',
    help: 'Things that went wrong in the life of a simulated machine or of the generator, by kind.',
    unit: 'one',
    dimensions: [ERROR_KIND],
    zeros: true,
  }),
};

/** All of them by key, in the order of the page. */
export const COUNTED_METRICS = {
  ...THREAD_METRICS,
  ...REQUEST_METRICS,
  ...LATENESS_METRICS,
  ...TRAFFIC_METRICS,
  ...LINK_METRICS,
  ...HOST_METRICS,
  ...ERROR_METRICS,
};
