/**
 * From causes to symptoms: where each figure lies in the chain, so that of several crossed thresholds that comes first which explains
 * the others. What the generator itself is short of spoils every other figure; a database without connections makes requests slow, and
 * slow requests make clusters fail.
 *
 *    generator → machine → database → service → controllers → hub → image-service → requests, as the service measures them
 *      → failures → delays → outages → progress → clusters, as the load sees them
 */
import type { FigureName } from './figures.ts';
import { SERVER_FIGURES, SERVER_LAYERS } from './server-figures.ts';

/** Of the load's own figures. */
const CLIENT_LAYERS = {
  generator: ['generator_errors', 'generator_saturation', 'poll_lateness'],
  failures: ['request_errors', 'endpoint_errors', 'boot_errors', 'errors'],
  delays: [
    'boot_wait',
    'endpoint_duration',
    'request_duration',
    'request_send_duration',
    'request_success_duration',
    'poll_wait',
    'poll_pace',
    'request_age',
  ],
  outages: ['service_outage', 'requests'],
  progress: ['reaction_duration', 'state_duration', 'stage_duration', 'cluster_duration', 'stuck'],
  clusters: ['unexpected_outcomes', 'clusters_complete', 'clusters_failed'],
} as const satisfies Record<string, readonly FigureName[]>;

const { generator, ...seenByLoad } = CLIENT_LAYERS;

/** Layers, each with its figures, those that explain the others first. */
const CHAIN: readonly (readonly string[])[] = [
  generator,
  ...SERVER_LAYERS.map((layer) => SERVER_FIGURES.filter((figure) => figure.layer === layer).map(({ name }) => name)),
  ...Object.values(seenByLoad),
];

const places = new Map(CHAIN.flatMap((names, layer) => names.map((name, at) => [name, { layer, at }] as const)));

export interface Crossing {
  figure: string;
  labels: Readonly<Record<string, string>>;
  /** Since when it is crossed, in any unit; null where that was not seen. */
  since: number | null;
}

/**
 * Which of two crossed thresholds explains the other: that of the earlier layer; in a layer that which was crossed first, and of those
 * crossed together that with narrower labels (one kind of failure explains all of them) and that of the earlier figure.
 */
export function compareCauses(a: Crossing, b: Crossing): number {
  const [one, other] = [a, b].map(({ figure }) => places.get(figure) ?? { layer: CHAIN.length, at: 0 });
  if (one!.layer !== other!.layer) return one!.layer - other!.layer;
  const inKind = Number(b.labels.kind !== undefined) - Number(a.labels.kind !== undefined);
  if (inKind !== 0) return inKind;
  const [since, otherSince] = [a, b].map((crossing) => crossing.since ?? Number.POSITIVE_INFINITY);
  if (since !== otherSince) return since! < otherSince! ? -1 : 1;
  return one!.at - other!.at;
}
