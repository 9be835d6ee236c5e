/** What checks within a pod have to know of the whole of it, and what only they need. */
import { causeForbidden } from '../../api/causes.ts';
import { at, type Fields, fields } from '../fields.ts';
import { type Check, ofValues, type Place, Stop } from './rule.ts';

/** File and function upstream. */
export const coreSource = (name: string): string => `pkg/apis/core/validation/validation.go ${name}`;

export interface PodFacts {
  readonly metadata: Readonly<Fields>;
  readonly spec: Readonly<Fields>;
  /** A pod itself, and no template of one. */
  readonly isPod: boolean;
  /** Volumes without a fault that have been seen so far, by name. */
  readonly volumes: Map<string, Fields>;
  /** Of all containers that have been seen so far. */
  readonly containerNames: Set<string>;
}

/** Where the pod is that an object is or makes. */
export function podIn(object: unknown): unknown {
  switch (at(object, 'kind')) {
    case 'Pod':
      return object;
    case 'PodTemplate':
      return at(object, 'template');
    case 'CronJob':
      return at(object, 'spec', 'jobTemplate', 'spec', 'template');
    default:
      return at(object, 'spec', 'template');
  }
}

/** Of the pod around a place: each kind has one. */
export function podOf({ object, notes }: Place): PodFacts {
  const known = notes.get('pod');
  if (known) return known as PodFacts;
  const pod = podIn(object);
  const facts: PodFacts = {
    metadata: fields(pod, 'metadata'),
    spec: fields(pod, 'spec'),
    isPod: object.kind === 'Pod',
    volumes: new Map(),
    containerNames: new Set(),
  };
  notes.set('pod', facts);
  return facts;
}

/** What a pod has on one machine before its regular containers, beside them, and for looking into it. */
export const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** Where the Go structs have it: annotations of the pod. */
export const annotationsOf = (place: Place): Readonly<Record<string, string>> =>
  fields(podOf(place).metadata, 'annotations') as Record<string, string>;

/** What holds the field or item of a path: `a.b[1]` of `a.b[1].c`, and `a.b` of that. */
export const outerPath = (path: string): string => path.replace(/(?:^|\.)[^.[\]]+$|\[[^\]]*\]$/, '');

/**
 * One of several that exclude each other: whoever comes after the first is refused, and nothing within is asked for.
 * @param among in the order in which they are looked at. @param detail of the cause; none is sent without one
 */
export const onlyOneOf = (among: readonly string[], detail?: string): Check =>
  ofValues((value, { path, holder }) => {
    const first = among.find((field) => holder[field] !== undefined);
    if (first === undefined || holder[first] === value) return undefined;
    return detail === undefined ? new Stop() : new Stop(causeForbidden(path, detail));
  });

/** That there is no such field, which therefore is not looked into. */
export const refused = (detail: string, holds: (holder: Fields) => boolean = () => true): Check =>
  ofValues((_value, { path, holder }) => (holds(holder) ? new Stop(causeForbidden(path, detail)) : undefined));
