/**
 * What every run is judged by unless its plan says otherwise. Each limit is one that a healthy service on a healthy hub keeps with room
 * to spare, whatever its size, and that says by itself what is wrong. Figures of servers that nobody reads are not evaluated.
 *
 * Times are wall-clock times at any clock speed, but for reactions, which are simulated. In compressed time a few limits are others:
 * the load is that many times as high, and the embedded service, which is no subject of a measurement, shares the machine.
 */
import { CLIENT_KINDS } from '../../model/protocol/endpoints.ts';
import { FAILURE_KINDS } from './figures.ts';

type Row = [figure: string, expression: string];

const MINUTE = 60_000;
/** Wall-clock milliseconds for which a monitor may rest, however fast the clock is: two looks at it, and what a busy machine adds. */
const SHORTEST_REST_MS = 8000;

/** @param clockSpeed simulated seconds in one second */
export function defaultRows(clockSpeed: number): Row[] {
  return [...generatorRows(clockSpeed), ...serverRows(clockSpeed), ...loadRows(clockSpeed)];
}

function generatorRows(clockSpeed: number): Row[] {
  return [
    ['generator_errors', 'rate<=0.01'],
    ['generator_saturation', clockSpeed === 1 ? 'rate<=0.25' : 'rate<=0.7'],
  ];
}

function serverRows(clockSpeed: number): Row[] {
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
    // A statement of the service takes a few milliseconds.
    ['database_statement_duration{statement:all}', 'avg<=50'],
    ['database_longest_statement', 'max<=30000'],
    ['database_lock_waits', 'avg<=10'],
    // A host and its share of a cluster's make fifty to a hundred from registration to the end.
    ['database_events_written', 'max<=200'],
    ['service_restarts', 'count==0'],
    ['service_monitor_period{what:hosts}', `max<=${rest}`],
    ['service_monitor_period{what:clusters}', `max<=${rest}`],
    ['service_blacklistings', 'count==0'],
    // Beyond those of connections a service starts some hundred at its start, for good.
    ['service_goroutines_unexplained', 'max<=1000'],
    ['service_open_files_share', 'max<=0.8'],
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
    ['service_request_duration', 'p(95)<=2500'],
  ];
}

function loadRows(clockSpeed: number): Row[] {
  const ofEach = (figure: string, expression: string): Row[] =>
    CLIENT_KINDS.map((kind) => [`${figure}{client:${kind}}`, expression]);
  return [
    // A healthy service resets and refuses nothing; one of a hundred is more than what a connection lost here and there makes.
    ...FAILURE_KINDS.map((kind): Row => [`request_errors{kind:${kind}}`, 'rate<=0.01']),
    ...ofEach('request_errors', 'rate<=0.1'),
    // Half of all answers are there in some milliseconds, in some tens on a busy machine; few take seconds.
    ...ofEach('request_duration', clockSpeed === 1 ? 'med<=500' : 'med<=1000'),
    ...ofEach('request_duration', 'p(95)<=5000'),
    ...ofEach('request_duration', 'p(99)<=10000'),
    ...ofEach('request_age', 'max<=30000'),
    ['service_outage', 'max<=20000'],
    ...REACTIONS_DUE,
    ['clusters_failed', 'count==0'],
  ];
}

/**
 * Reactions that nothing but the service, its monitors and controllers has to do with, in simulated time: each comes within a minute or
 * two. What waits for longer waits for something that was lost. A BareMetalHost has its image set a minute after the InfraEnv's
 * is made, and is written in less than ten.
 */
const REACTIONS_DUE: readonly Row[] = [
  ['reaction_duration{from:user creating,to:user discovering}', `max<=${15 * MINUTE}`],
  ['reaction_duration{from:machine registered,to:agent there}', `max<=${10 * MINUTE}`],
  ['reaction_duration{from:machine discovered,to:host judged}', `max<=${10 * MINUTE}`],
  ['reaction_duration{from:baremetalhost available,to:baremetalhost provisioned}', `max<=${20 * MINUTE}`],
  ['reaction_duration{from:agent ready,to:agentclusterinstall requirements-met}', `max<=${15 * MINUTE}`],
  [
    'reaction_duration{from:agentclusterinstall requirements-met,to:agentclusterinstall installing}',
    `max<=${15 * MINUTE}`,
  ],
];
