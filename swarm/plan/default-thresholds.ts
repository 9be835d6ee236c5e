/**
 * What every run is judged by unless its plan says otherwise. Each limit is one that a healthy service on a healthy hub keeps with room
 * to spare, whatever its size, and that says by itself what is wrong. Figures of servers that nobody reads are not evaluated.
 *
 * Times are wall-clock times at any clock speed, but for reactions, which are simulated. In compressed time a few limits are others:
 * the load is that many times as high, and the embedded service, which is no subject of a measurement, shares the machine.
 */

import { CLIENT_KINDS } from '../../model/protocol/endpoints.ts';
import { STOCK_IDLE_SECONDS } from './connections.ts';
import { FAILURE_KINDS } from './figures.ts';
import type { LinkAllowance } from './link-allowance.ts';
import { USUAL_POLL_SECONDS } from './open-connections.ts';

type Row = [figure: string, expression: string];

const MINUTE = 60_000;
const MIB = 1 << 20;
/** Wall-clock milliseconds for which a monitor may rest, however fast the clock is: two looks at it, and what a busy machine adds. */
const SHORTEST_REST_MS = 8000;
/** HOST_DISCONNECTED_TIMEOUT of the service: without a poll for so long a host counts as disconnected. Simulated milliseconds. */
const DISCONNECTED_MS = 3 * MINUTE;

/** So many hosts are no load that makes a healthy service slow. */
const SMALL_HOSTS = 1000;

/** What limits depend on. */
export interface JudgedLoad {
  /** Simulated seconds in one second. */
  clockSpeed: number;
  /** Of the plan. */
  hosts: number;
  /** Whether any host is installed. */
  installs: boolean;
  /** At which hosts poll, whatever the service says; null for as it says. */
  pollSeconds: number | null;
  /** Simulated milliseconds between two looks of the user at a cluster, while most are followed. */
  lookMs: number;
  /** What slow links cost by themselves. */
  links: LinkAllowance;
}

/** A limit of wall-clock milliseconds, with what links take of simulated ones. */
const beside = (ms: number, linkMs: number, clockSpeed: number) => Math.round(ms + linkMs / clockSpeed);

export function defaultRows(load: JudgedLoad): Row[] {
  return [...generatorRows(load.clockSpeed), ...serverRows(load), ...loadRows(load)];
}

function generatorRows(clockSpeed: number): Row[] {
  return [
    ['generator_errors', 'rate<=0.01'],
    ['generator_saturation', clockSpeed === 1 ? 'rate<=0.25' : 'rate<=0.7'],
  ];
}

function serverRows({ clockSpeed, hosts, installs, pollSeconds, links }: JudgedLoad): Row[] {
  const compressed = clockSpeed !== 1;
  // Monitors begin a pass every ten seconds (HOST_MONITOR_INTERVAL, CLUSTER_MONITOR_INTERVAL); one of thousands of hosts takes seconds.
  const rest = compressed ? Math.max(MINUTE / clockSpeed, SHORTEST_REST_MS) : MINUTE;
  return [
    ['machine_cpu_share', 'avg<=0.95'],
    ['machine_memory_share', 'max<=0.95'],
    // The service's own pool of 90 of the usual 100 is no fault as such; that hardly one is left for anybody is.
    ['database_connections_share', 'max<=0.95'],
    // Of 90 connections a healthy service uses a few at a time, and at a peak some tens.
    ['database_connections_busy', 'max<=0.8'],
    // Who waits for one at all does so for a moment.
    ['database_connections{state:waiting for one of the pool}', 'avg<=10'],
    // Between two statements of a transaction the service does little; what many transactions wait for is no database's work.
    ['database_connections{state:idle in transaction}', 'avg<=20'],
    // Statements that read long lists take some hundred milliseconds, and a statement of the service on the average a few.
    ['database_statement_duration', 'avg<=1000'],
    ['database_statement_duration{statement:all}', 'avg<=50'],
    ['database_longest_statement', 'max<=30000'],
    ['database_lock_waits', 'avg<=10'],
    // PostgreSQL cleans a table every minute (autovacuum_naptime); an installing host's row is written about once a second.
    ['database_dead_rows', `max<=${100_000 + 100 * hosts}`],
    // A host and its share of a cluster's make fifty to a hundred from registration to the end, and one that is only discovered ten.
    ['database_events_written', `max<=${installs ? 200 : 50}`],
    // Rows of a host and its events take some hundred kilobytes; the rest is for rows that are not cleaned away yet.
    ['database_bytes_written', 'max<=20000000'],
    ['service_restarts', 'count==0'],
    // A pass takes milliseconds to seconds; one of half a minute is late for the next three.
    ['service_monitor_cycle_duration{what:hosts}', `p(95)<=${rest / 2}`],
    ['service_monitor_cycle_duration{what:clusters}', `p(95)<=${rest / 2}`],
    ['service_monitor_period{what:hosts}', `max<=${rest}`],
    ['service_monitor_period{what:clusters}', `max<=${rest}`],
    // It is some milliseconds; the service itself names what takes longer than 30 s.
    ['service_monitor_object_duration', 'p(95)<=1000'],
    ['service_blacklisted_clusters', 'max==0'],
    ['service_blacklistings', 'count==0'],
    // Beyond those of connections a service starts some hundred at its start, for good.
    ['service_goroutines_unexplained', 'max<=1000'],
    // An agent leaves the connection of each poll open for 90 s, and while it boots that of its registration too.
    [
      'service_open_files_growth',
      `max<=${500 + (Math.ceil(STOCK_IDLE_SECONDS / (pollSeconds ?? USUAL_POLL_SECONDS)) + 1) * hosts}`,
    ],
    ['service_open_files_share', 'max<=0.8'],
    // A host is some hundred kilobytes of objects at most; a heap may double between two collections.
    ['service_memory_growth', `max<=${(1024 + hosts) * MIB}`],
    // What takes or gives keys may be in the midst of it when it is looked at.
    ['reconciles_lost', 'value<=10'],
    // A client of 20 requests a second and one worker a controller work a burst of a thousand Agents off in less.
    ['workqueue_wait', 'p(99)<=120000'],
    ['workqueue_longest_work', 'max<=300000'],
    // Alerts of etcd's mixin and of OpenShift fire at these.
    ['etcd_fsync_duration', 'p(99)<=500'],
    ['etcd_commit_duration', 'p(99)<=250'],
    ['etcd_database_bytes', 'max<=8160437862'],
    // Kubernetes promises a second for one object, and more for lists.
    ['hub_request_duration', 'p(95)<=2000'],
    ['hub_refusals{code:429}', 'rate<=1'],
    // What a BMC reads at once is megabytes; whole images by iPXE may take longer, but not half of all requests.
    ['image_request_duration', `med<=${compressed ? 1000 : 10_000}`],
    // An agent has one request at a time.
    ['service_requests_inflight', `max<=${500 + 2 * hosts}`],
    // A service that reads a body has its request for as long as the body is on its way.
    ['service_request_duration', `p(95)<=${beside(2500, links.bodyMs, clockSpeed)}`],
  ];
}

function loadRows(load: JudgedLoad): Row[] {
  const { clockSpeed, links } = load;
  const ofEach = (figure: string, expression: string): Row[] =>
    CLIENT_KINDS.map((kind) => [`${figure}{client:${kind}}`, expression]);
  // In compressed time the same part of it, and never less than what a busy machine takes for nothing.
  const least = (ms: number) => (clockSpeed === 1 ? ms : Math.min(ms, Math.max(ms / clockSpeed, SHORTEST_REST_MS)));
  const unmade = Object.values(links.failures).reduce((all, share) => all + share, 0);
  const sum = (share: number, more: number) => Number(Math.min(1, share + more).toFixed(6));
  return [
    // A healthy service resets and refuses nothing; one of a hundred is more than what a connection lost here and there makes.
    ...FAILURE_KINDS.map((kind): Row => [`request_errors{kind:${kind}}`, `rate<=${sum(0.01, links.failures[kind] ?? 0)}`]),
    ...ofEach('request_errors', `rate<=${sum(0.1, unmade)}`),
    ...ofEach('endpoint_errors', `rate<=${sum(0.1, unmade)}`),
    ['boot_errors', 'rate<=0.01'],
    // No program can do anything with such an answer, and no healthy service gives one.
    ['errors{kind:malformed-answer}', 'count==0'],
    // An image service begins to send at once, but for what it has to make of an InfraEnv first.
    ['boot_wait', `med<=${beside(2000, links.roundsMs, clockSpeed)}`],
    // Some operations take a second of a healthy service (an InfraEnv and its image are made, an installation is begun).
    // That of the embedded service takes some milliseconds.
    ...ofEach('endpoint_duration', `med<=${clockSpeed === 1 ? 2000 : 1000}`),
    ...ofEach('endpoint_duration', 'p(95)<=5000'),
    // Half of all answers are there in some milliseconds, in some tens on a busy machine; few take seconds, but at the start of many
    // programs at once that share the machine with the embedded service.
    ...ofEach('request_duration', 'med<=500'),
    ...ofEach('request_duration', `p(95)<=${clockSpeed === 1 ? 2500 : 3500}`),
    ...ofEach('request_duration', 'p(99)<=10000'),
    ...ofEach('request_age', `max<=${beside(least(30_000), links.waitMs, clockSpeed)}`),
    ['service_outage', `max<=${beside(least(20_000), links.waitMs, clockSpeed)}`],
    ...reactionsDue(load),
    ...disconnections(load),
    ['unexpected_outcomes', 'count==0'],
    ['clusters_failed', 'count==0'],
  ];
}

/**
 * Hosts that poll are never disconnected, but for one here and there. Where they poll so rarely, or the clock is so fast, that the
 * service's patience is hardly longer than a poll, or than what a busy machine takes for nothing, it says nothing.
 */
function disconnections({ clockSpeed, hosts, pollSeconds }: JudgedLoad): Row[] {
  const isRare = pollSeconds !== null && 2 * pollSeconds * 1000 > DISCONNECTED_MS;
  if (isRare || DISCONNECTED_MS / clockSpeed < SHORTEST_REST_MS) return [];
  return ['disconnected', 'disconnected-unbound'].map((state) => [
    `state_duration{of:host,state:${state}}`,
    `count<=${Math.floor(hosts / 100)}`,
  ]);
}

/**
 * Reactions that nothing but the service, its monitors and controllers has to do with, in simulated time: each comes within a minute or
 * two. What waits for longer waits for something that was lost. A BareMetalHost has its image set a minute after the InfraEnv's
 * is made, and is written in less than ten.
 */
function reactionsDue({ clockSpeed, hosts, pollSeconds, lookMs }: JudgedLoad): Row[] {
  // What happens between two looks is seen at the second one, and may have begun to be waited for just after another.
  const unseen = 2 * Math.max(0, lookMs - MINUTE);
  const patient = Math.max(10 * MINUTE, SHORTEST_REST_MS * clockSpeed) + unseen;
  // Nor less than what a busy machine takes for nothing, however fast the clock is.
  const within = (minutes: number) => `max<=${Math.max(minutes * MINUTE, SHORTEST_REST_MS * clockSpeed)}`;
  // A busy machine takes some seconds for nothing.
  const soon =
    hosts <= SMALL_HOSTS && (pollSeconds ?? 0) <= 60
      ? Math.max(3 * MINUTE, SHORTEST_REST_MS * clockSpeed) + unseen
      : patient;
  return [
    ['reaction_duration{from:user creating,to:user discovering}', within(15)],
    ['reaction_duration{from:machine registered,to:agent there}', within(10)],
    ['reaction_duration{from:machine registered,to:machine discovered}', `max<=${soon}`],
    ['reaction_duration{from:machine discovered,to:host judged}', `max<=${soon}`],
    ['reaction_duration{from:cluster ready,to:cluster preparing-for-installation}', `max<=${soon}`],
    ['reaction_duration{from:baremetalhost available,to:baremetalhost provisioned}', within(20)],
    ['reaction_duration{from:agent ready,to:agentclusterinstall requirements-met}', within(15)],
    ['reaction_duration{from:agentclusterinstall requirements-met,to:agentclusterinstall installing}', within(15)],
  ];
}
