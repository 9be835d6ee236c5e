/**
 * The figures of a run that thresholds can name, as one table. `report/figures.ts` reads them from a run; docs/plan.md lists them for
 * users. Kinds and aggregations are k6's (grafana/k6, internal/metrics/sink.go and metrics/thresholds_parser.go), and as there every
 * duration is in milliseconds; a rate here also has a count, of what the share is made of.
 */
import { BOOT_KINDS } from '../../model/protocol/boot-kinds.ts';
import { CLIENT_KINDS, ENDPOINTS } from '../../model/protocol/endpoints.ts';
import { isGeneratorError, TRANSPORT_ERROR_KINDS } from '../../model/protocol/outcomes.ts';
import { CLUSTER_STATUSES, HOST_STAGES, HOST_STATUSES } from '../../model/protocol/states.ts';
import { CLUSTER_MILESTONES } from '../telemetry/cluster-durations.ts';
import { REACTIONS, STATEFUL_KINDS, sideName } from '../telemetry/reactions.ts';
import { AGENT_STATES, BARE_METAL_HOST_STATES, CLUSTER_INSTALL_STATES } from '../telemetry/resource-states.ts';
import { ERROR_KINDS, RESULTS } from '../telemetry/telemetry.ts';
import { type ServerFigure, serverFigureNamed } from './server-figures.ts';

export type FigureKind = 'trend' | 'rate' | 'counter' | 'gauge';

/** What can be asked of a figure; `p` is written with its percentile, `p(99.9)`. */
export const AGGREGATIONS = {
  trend: ['avg', 'min', 'med', 'max', 'p', 'count'],
  rate: ['rate', 'count'],
  counter: ['count', 'rate'],
  gauge: ['value', 'min', 'max', 'avg'],
} as const satisfies Record<FigureKind, readonly string[]>;
export type Aggregation = (typeof AGGREGATIONS)[FigureKind][number];

export interface Figure {
  readonly name: string;
  readonly kind: FigureKind;
  /** Of its values: of a trend's samples, of what a counter counts. A rate is a share from 0 to 1. */
  readonly unit: 'ms' | 'share' | 'requests' | 'errors' | 'things' | ServerFigure['unit'];
  readonly help: string;
  /** Labels that may narrow it down, with the values each may have; null where these are the servers' own. */
  readonly labels: Readonly<Record<string, readonly string[] | null>>;
}

/** Of all kinds, each once. */
const STATES = [
  ...new Set([
    ...HOST_STATUSES,
    ...CLUSTER_STATUSES,
    ...AGENT_STATES,
    ...CLUSTER_INSTALL_STATES,
    ...BARE_METAL_HOST_STATES,
  ]),
];

/**
 * What a request failed of: the statuses that say that there were too many or that who asks is not let in, other statuses of 400 and
 * more, those of 500 and more, and what kept it from an answer.
 * What this machine lacked and what we ended ourselves is no failure of the service.
 */
export const FAILURE_KINDS: readonly string[] = [
  '429',
  '401',
  '403',
  '4xx',
  '5xx',
  ...TRANSPORT_ERROR_KINDS.filter((kind) => kind !== 'aborted' && !isGeneratorError(kind)),
];

const define = <const T extends readonly Figure[]>(list: T) => list;
const client = CLIENT_KINDS;
const requestLabels = { client, endpoint: ENDPOINTS.map(({ name }) => name) };
const latencyLabels = { ...requestLabels, result: RESULTS };

export const FIGURES = define([
  {
    name: 'clusters_failed',
    kind: 'rate',
    unit: 'share',
    help: 'Clusters that failed, of all; those that had to, because of a fault that the plan gives them, are not among them',
    labels: {},
  },
  {
    name: 'unexpected_outcomes',
    kind: 'rate',
    unit: 'share',
    help: 'Faults of the plan that led to something else than what follows from them, of those that could be judged',
    labels: {},
  },
  {
    name: 'clusters_complete',
    kind: 'gauge',
    unit: 'share',
    help: 'Share of the clusters that came to their planned end',
    labels: {},
  },
  { name: 'requests', kind: 'counter', unit: 'requests', help: 'Attempts of requests', labels: requestLabels },
  {
    name: 'request_errors',
    kind: 'rate',
    unit: 'share',
    help: 'Attempts that got no answer, or one of 400 or more that a healthy service does not give',
    labels: { ...requestLabels, kind: FAILURE_KINDS },
  },
  {
    name: 'endpoint_errors',
    kind: 'rate',
    unit: 'share',
    help: 'The same of the endpoint whose share is the highest, of those with three such attempts or more',
    labels: { client },
  },
  {
    name: 'boot_errors',
    kind: 'rate',
    unit: 'share',
    help: 'Requests of booting hosts for what they download that got no answer, or one of 400 or more',
    labels: { download: BOOT_KINDS },
  },
  {
    name: 'boot_wait',
    kind: 'trend',
    unit: 'ms',
    help: 'From a request of a booting host for what it downloads until its answer began',
    labels: { download: BOOT_KINDS },
  },
  {
    name: 'generator_errors',
    kind: 'rate',
    unit: 'share',
    help: 'Attempts that this machine had no means for: no open file, local port or memory left, or a source address that is not its own',
    labels: requestLabels,
  },
  {
    name: 'request_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'From the moment an attempt was due to its end; of those answered below 500, or of the others with the label result:failed',
    labels: latencyLabels,
  },
  {
    name: 'endpoint_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'request_duration of one endpoint, of those with ten answers or more: each value is that of the one in which it is the highest',
    labels: { client },
  },
  {
    name: 'request_send_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'The same from the moment an attempt was handed to the socket',
    labels: latencyLabels,
  },
  {
    name: 'request_success_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'From the moment a request was first due to the answer it wanted, retries included',
    labels: requestLabels,
  },
  {
    name: 'poll_wait',
    kind: 'trend',
    unit: 'ms',
    help: 'The same of polls of native agents, with those that were never sent because the one before had no answer (open loop)',
    labels: {},
  },
  {
    name: 'poll_pace',
    kind: 'gauge',
    unit: 'share',
    help: 'Polls that native agents make, as a share of what they would make if each were answered at once: they wait for an answer before they wait for the next poll',
    labels: {},
  },
  {
    name: 'request_age',
    kind: 'trend',
    unit: 'ms',
    help: 'How long the oldest request without an answer has waited, looked at once a second',
    labels: { client },
  },
  {
    name: 'service_outage',
    kind: 'trend',
    unit: 'ms',
    help: 'Times in which requests failed or waited and none got a good answer',
    labels: {},
  },
  {
    name: 'cluster_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'Simulated time of clusters between two milestones; from created to installed where none is named',
    labels: { from: CLUSTER_MILESTONES.slice(0, -1), to: CLUSTER_MILESTONES.slice(1) },
  },
  {
    name: 'state_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'Simulated time that hosts, clusters and their custom resources stayed in a state; those that still are in it count as at least so long',
    labels: { of: STATEFUL_KINDS, state: STATES },
  },
  {
    name: 'reaction_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'Simulated time from a state to the state that follows from it; those that did not come to it count as at least so long',
    labels: {
      from: [...new Set(REACTIONS.map(({ from }) => sideName(from)))],
      to: [...new Set(REACTIONS.map(({ to }) => sideName(to)))],
    },
  },
  {
    name: 'stuck',
    kind: 'gauge',
    unit: 'things',
    help: 'Hosts, clusters and custom resources that have been in their state for more than three times as long as 99 % of the others',
    labels: { of: STATEFUL_KINDS },
  },
  {
    name: 'poll_lateness',
    kind: 'trend',
    unit: 'ms',
    help: 'How late the generator started polls',
    labels: {},
  },
  {
    name: 'stage_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'Simulated time that hosts spent in a stage of their installation',
    labels: { stage: HOST_STAGES },
  },
  {
    name: 'errors',
    kind: 'counter',
    unit: 'errors',
    help: 'Things that went wrong in the life of a host, a cluster or the generator',
    labels: { kind: ERROR_KINDS },
  },
  {
    name: 'generator_saturation',
    kind: 'rate',
    unit: 'share',
    help: 'Share of the watched time in which the generator itself was the bottleneck',
    labels: {},
  },
]);
export type FigureName = (typeof FIGURES)[number]['name'];

const byName = new Map<string, Figure>(FIGURES.map((figure) => [figure.name, figure]));

/** A figure of the load or of the servers by its name; undefined when there is none. */
export function figureNamed(name: string): Figure | undefined {
  return byName.get(name) ?? ofServer(serverFigureNamed(name));
}

function ofServer(figure: ServerFigure | undefined): Figure | undefined {
  return figure && { ...figure, labels: Object.fromEntries(figure.labels.map((label) => [label, null])) };
}
