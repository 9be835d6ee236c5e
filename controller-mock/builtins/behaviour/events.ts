/** Events are one collection that two groups show, each in its own words. */

import type { KubeObject } from '../../api/object.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import { text } from '../fields.ts';
import type { Behaviours } from './behaviour.ts';

/** Name in events.k8s.io, name in core. */
const RENAMED = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const;

function renamed(event: KubeObject, apiVersion: string, pairs: readonly (readonly [string, string])[]): KubeObject {
  const names = new Map(pairs);
  const result: KubeObject = { apiVersion, kind: 'Event', metadata: event.metadata };
  for (const [name, value] of Object.entries(event)) {
    if (!['apiVersion', 'kind', 'metadata'].includes(name) && value !== '') result[names.get(name) ?? name] = value;
  }
  return result;
}

const STORED_AS_CORE: ResourceType['storedAs'] = {
  key: '/events',
  toStored: (event) => renamed(event, 'v1', RENAMED),
  fromStored: (stored) =>
    renamed(
      stored,
      'events.k8s.io/v1',
      RENAMED.map(([fresh, core]) => [core, fresh]),
    ),
};

const readers = (subject: string, source: (event: KubeObject) => string): Behaviours[string] => ({
  selectableFields: {
    ...Object.fromEntries(
      ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) => [
        `${subject}.${field}`,
        (event: KubeObject) => text(event, subject, field),
      ]),
    ),
    reason: (event) => text(event, 'reason'),
    type: (event) => text(event, 'type'),
    reportingComponent: (event) => text(event, 'reportingComponent') || text(event, 'reportingController'),
    source,
  },
});

export const EVENT_BEHAVIOUR: Behaviours = {
  'v1 Event': readers(
    'involvedObject',
    (event) => text(event, 'source', 'component') || text(event, 'reportingComponent'),
  ),
  'events.k8s.io/v1 Event': {
    ...readers(
      'regarding',
      (event) => text(event, 'deprecatedSource', 'component') || text(event, 'reportingController'),
    ),
    storedAs: STORED_AS_CORE,
  },
};
