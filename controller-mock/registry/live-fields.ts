import type { ObjectMeta } from '../api/object.ts';

const SERVER_FIELDS = [
  'uid',
  'creationTimestamp',
  'generation',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'resourceVersion',
  'generateName',
] as const;

/** What the server alone decides survives every update. @param metadata changed in place */
export function keepServerFields(metadata: ObjectMeta, live: ObjectMeta): void {
  for (const field of SERVER_FIELDS) {
    if (live[field] === undefined) delete metadata[field];
    else (metadata as Record<string, unknown>)[field] = live[field];
  }
  delete metadata.selfLink;
}
