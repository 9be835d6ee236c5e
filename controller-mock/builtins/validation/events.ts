/** Events, of which both groups ask the same in their own way. */
import { causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { equalJson } from '../../api/json.ts';
import { labelKeyFaults } from '../../api/names.ts';
import { at, fields, number, text } from '../fields.ts';
import { atCreation } from './checks.ts';
import { type Check, type Rule, rows } from './rule.ts';

const SOURCE = 'pkg/apis/core/validation/events.go';

/** Names of fields in a group, by what both are called upstream. */
interface Words {
  readonly about: string;
  readonly controller: string;
  /** What the controller is called in causes. */
  readonly controllerPath: string;
  readonly message: string;
}

const CORE: Words = {
  about: 'involvedObject',
  controller: 'reportingComponent',
  controllerPath: 'reportingComponent',
  message: 'message',
};
const EVENTS: Words = {
  about: 'regarding',
  controller: 'reportingController',
  controllerPath: 'reportingController',
  message: 'note',
};

const LIMIT = 128;
const NOTE_LIMIT_BYTES = 1024;

const subject =
  ({ about }: Words): Check =>
  (_value, { object }) => {
    const namespace = object.metadata.namespace ?? '';
    const subjectNamespace = text(object, about, 'namespace');
    const isTimed = at(object, 'eventTime') !== undefined;
    const forCluster = isTimed ? ['default', 'kube-system'] : ['', 'default'];
    const fits = subjectNamespace === '' ? forCluster.includes(namespace) : isTimed || subjectNamespace === namespace;
    return fits
      ? undefined
      : causeInvalid('involvedObject.namespace', subjectNamespace, 'does not match event.namespace');
  };

/** Events with a time to the microsecond have more to say. */
const timed =
  ({ controller, controllerPath, message }: Words): Check =>
  (_value, { object }) => {
    if (at(object, 'eventTime') === undefined) return undefined;
    const causes: StatusCause[] = [];
    const who = text(object, controller);
    if (who === '') causes.push(causeRequired(controllerPath));
    causes.push(...labelKeyFaults(who).map((fault) => causeInvalid(controllerPath, who, fault)));
    for (const field of ['reportingInstance', 'action', 'reason']) {
      const value = text(object, field);
      if (value === '') causes.push(causeRequired(field));
      if (Buffer.byteLength(value) > LIMIT) {
        causes.push(causeInvalid(field, '', `can have at most ${LIMIT} characters`));
      }
    }
    if (Buffer.byteLength(text(object, message)) > NOTE_LIMIT_BYTES) {
      causes.push(causeInvalid('message', '', `can have at most ${NOTE_LIMIT_BYTES} characters`));
    }
    return causes;
  };

const legacyRules = (words: Words): Rule[] =>
  rows(`${SOURCE} legacyValidateEvent`, [
    ['', subject(words)],
    ['', timed(words)],
  ]);

export const CORE_EVENT_RULES: readonly Rule[] = legacyRules(CORE);

const series: Check = (value, { old, before }) => {
  if (value === undefined || (old && equalJson(value, before))) return undefined;
  const causes = number(value, 'count') < 2 ? [causeInvalid('series.count', '', 'should be at least 2')] : [];
  return at(value, 'lastObservedTime') === undefined ? [...causes, causeRequired('series.lastObservedTime')] : causes;
};

const unset = (path: string): Check =>
  atCreation((value) => (value ? causeInvalid(path, '', 'needs to be unset') : undefined));

const TYPES = ['Normal', 'Warning'];

/** Fields of events.k8s.io, and what they are called in core, whose names causes have. */
const FIXED: readonly (readonly [field: string, core: string, none: unknown])[] = [
  ['regarding', 'involvedObject', {}],
  ['reason', 'reason', ''],
  ['note', 'message', ''],
  ['deprecatedSource', 'source', {}],
  ['deprecatedFirstTimestamp', 'firstTimestamp', null],
  ['deprecatedLastTimestamp', 'lastTimestamp', null],
  ['deprecatedCount', 'count', 0],
  ['reason', 'reason', ''],
  ['type', 'type', ''],
  ['eventTime', 'eventTime', null],
  ['action', 'action', ''],
  ['related', 'related', null],
  ['reportingController', 'reportingController', ''],
  ['reportingInstance', 'reportingInstance', ''],
];

const fixed =
  (path: string, none: unknown): Check =>
  (value, { old, before }) =>
    !old || equalJson(value ?? none, before ?? none)
      ? undefined
      : causeInvalid(path, value ?? none, 'field is immutable');

export const EVENT_RULES: readonly Rule[] = [
  ...legacyRules(EVENTS),
  ...rows(`${SOURCE} validateV1EventSeries`, [['series', series]]),
  ...rows(`${SOURCE} ValidateEventCreate`, [
    ['eventTime', atCreation((value, { path }) => (value === undefined ? causeRequired(path) : undefined))],
    [
      'type',
      atCreation((value, { path }) =>
        TYPES.includes(String(value)) ? undefined : causeInvalid(path, '', `has invalid value: ${value ?? ''}`),
      ),
    ],
    ['deprecatedFirstTimestamp', unset('firstTimestamp')],
    ['deprecatedLastTimestamp', unset('lastTimestamp')],
    ['deprecatedCount', unset('count')],
    [
      'deprecatedSource',
      atCreation((value) =>
        Object.keys(fields({ value }, 'value')).length > 0
          ? causeInvalid('source', '', 'needs to be unset')
          : undefined,
      ),
    ],
  ]),
  ...rows(
    `${SOURCE} ValidateEventUpdate`,
    FIXED.map(([field, core, none]) => [field, fixed(core, none)] as const),
  ),
];
