import { causeInvalid, type StatusCause } from '../api/causes.ts';
import { GoLiteral } from '../api/go-values.ts';
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

/** What an update must not say anew; others of the server's fields it may send as it likes. */
const IMMUTABLE = ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/** Times print themselves. */
const shown = (field: string, value: unknown) =>
  field === 'deletionTimestamp' ? new GoLiteral(String(value).replace('T', ' ').replace('Z', ' +0000 UTC')) : value;

/** kubernetes/apimachinery, pkg/api/validation/objectmeta.go ValidateObjectMetaAccessorUpdate. @param sent before {@link keepServerFields} */
export function changedServerFields(sent: ObjectMeta, live: ObjectMeta): StatusCause[] {
  return IMMUTABLE.flatMap((field) => {
    const value = sent[field];
    // A time that is set stays as it is, whatever is sent.
    const isKept =
      value === undefined || value === '' || value === live[field] || (field === 'deletionTimestamp' && live[field]);
    return isKept ? [] : [causeInvalid(`metadata.${field}`, shown(field, value), 'field is immutable')];
  });
}
