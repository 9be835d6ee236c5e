/** In what the traffic of native agents may differ from that of stock programs, and from where on it counts. */
import type { Program } from '../telemetry/traffic/program.ts';
import type { TrafficProfile } from '../telemetry/traffic/traffic-profile.ts';

/** Kinds of differences, the gravest first. */
export const DIFFERENCE_KINDS = [
  'operation',
  'step type',
  'stage',
  'header',
  'header order',
  'header case',
  'header value',
  'query',
  'field',
  'status',
  'size',
  'count',
  'cadence',
  'connections',
  'order',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** Up to which values count as alike. */
export const TOLERANCES = {
  /** Of the mean of heads and of bodies (ids and addresses apart), as a share; bodies may differ by {@link TOLERANCES.bytes} besides. */
  size: 0.05,
  bytes: 16,
  /** Of requests a host, as a share; what hosts of one kind differ by among themselves is never a difference. */
  count: 0.25,
  /** Requests a host that are never a difference: of few hosts, and of {@link TOLERANCES.fewSources} and more. */
  countOfFew: 1,
  countOfMany: 0.5,
  fewSources: 3,
  /** The same, of what is repeated often and at the same pace: how long a host lives is not its program's matter. */
  repeatedCount: 0.5,
  /** Of the median time from a request to the next of its kind, as a share. */
  cadence: 0.1,
  /** From the first to the third quartile of these times, as a share of the median: more is no pace that could be compared. */
  regular: 0.2,
  /** Share of its answers below which a status that one kind alone got is no difference. */
  status: 0.1,
  /** Of requests a connection, as a share: of many sources, and of fewer than {@link TOLERANCES.fewSources}. */
  requestsPerConnection: 0.25,
  requestsPerConnectionOfFew: 0.5,
  /** Of the median time until an idle connection is closed, as a share. */
  idle: 0.05,
  /** Milliseconds by which one thing must come before another to count as an order. */
  orderMs: 1000,
} as const;

/** How many times something must have been repeated for its pace to be told. */
export const LEAST_REPEATED = 5;

export interface Difference {
  kind: DifferenceKind;
  shape: string;
  program: Program;
  /** Operation with its detail, or what else it is about. */
  where: string;
  /** What stock programs do, and what native ones do. */
  stock: string;
  native: string;
  /** Why it is no drift; null for one that counts. */
  explained: string | null;
}

/** As it is found, before it is known of which shape it is. */
export type FoundDifference = Omit<Difference, 'shape' | 'explained'>;

/** Both kinds of one shape. */
export interface Pair {
  shape: string;
  stock: TrafficProfile;
  native: TrafficProfile;
}
