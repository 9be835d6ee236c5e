/** What is written to the status of a Job. Most is only asked where it changes, so that what is wrong otherwise may be mended. */
import { causeDuplicate, causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { equalJson } from '../../api/json.ts';
import { conditionTrue, type Fields, fields, number, strings, text } from '../fields.ts';
import { nonNegative } from './checks.ts';
import { commonIndex, indexCount } from './job-indexes.ts';
import { type Check, type Rule, rows } from './rule.ts';

const SOURCE = 'pkg/apis/batch/validation/validation.go validateJobStatus';

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating'];

/** Uids of pods, of which none is in both lists. */
const uncounted: Check = (value, { path }) => {
  const seen = new Set<string>();
  return ['succeeded', 'failed'].flatMap((list) =>
    strings(value, list).flatMap((uid, index) => {
      const here = `${path}.${list}[${index}]`;
      if (uid === '') return [causeInvalid(here, uid, 'must not be empty')];
      if (seen.has(uid)) return [causeDuplicate(here, uid)];
      seen.add(uid);
      return [];
    }),
  );
};

/** A state of a Job: `is('Complete')`. */
interface State {
  readonly spec: Readonly<Fields>;
  readonly status: Readonly<Fields>;
  is(condition: string): boolean;
}

const stateOf = (job: unknown): State => ({
  spec: fields(job, 'spec'),
  status: fields(job, 'status'),
  is: (condition) => conditionTrue(job, condition),
});

const isFinished = ({ is }: State) => is('Complete') || is('Failed');

/** Conditions that exclude or need each other; causes show no value. */
function conditionFaults(now: State, before: State): string[] {
  const changed = (...names: string[]) => names.some((name) => now.is(name) !== before.is(name));
  const faults: string[] = [];
  const refuse = (wrong: boolean, detail: string) => {
    if (wrong) faults.push(detail);
  };
  const complete = now.is('Complete');
  const failed = now.is('Failed');
  const met = now.is('SuccessCriteriaMet');
  const failing = now.is('FailureTarget');
  const indexesChanged = now.status.failedIndexes !== before.status.failedIndexes;
  refuse(complete && failed && changed('Complete', 'Failed'), 'cannot set Complete=True and Failed=true conditions');
  refuse(
    complete && failing && changed('Complete', 'FailureTarget'),
    'cannot set Complete=True and FailureTarget=true conditions',
  );
  refuse(
    failed && !failing && (changed('Failed') || indexesChanged),
    'cannot set Failed=True condition without the FailureTarget=true condition',
  );
  refuse(
    complete && !met && changed('Complete', 'SuccessCriteriaMet'),
    'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
  );
  refuse(met && failed, 'cannot set SuccessCriteriaMet=True and Failed=true conditions');
  refuse(met && failing, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  refuse(
    now.spec.successPolicy !== undefined && complete && !met,
    'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
  );
  for (const name of ['Failed', 'Complete', 'FailureTarget']) {
    refuse(before.is(name) && !now.is(name), `cannot disable the terminal ${name}=True condition`);
  }
  refuse(before.is('SuccessCriteriaMet') && !met, 'cannot disable the SuccessCriteriaMet=True condition');
  refuse(
    before.is('Complete') && !before.is('SuccessCriteriaMet') && met,
    'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions',
  );
  return faults;
}

function timeFaults(now: State, before: State): StatusCause[] {
  const { startTime, completionTime } = now.status;
  const started = startTime !== before.status.startTime;
  const ended = completionTime !== before.status.completionTime;
  const completeChanged = now.is('Complete') !== before.is('Complete');
  const causes: StatusCause[] = [];
  const field = 'status.completionTime';
  if (completeChanged || ended) {
    if (completionTime !== undefined && !now.is('Complete')) {
      const detail = 'cannot set completionTime when there is no Complete=True condition';
      causes.push(causeInvalid(field, completionTime, detail));
    }
    if (completionTime === undefined && now.is('Complete')) {
      causes.push(causeRequired(field, 'completionTime is required for Complete jobs'));
    }
  }
  if (startTime !== undefined && completionTime !== undefined && (started || ended)) {
    if (Date.parse(String(completionTime)) < Date.parse(String(startTime))) {
      causes.push(causeInvalid(field, completionTime, 'completionTime cannot be set before startTime'));
    }
  }
  if (startTime === undefined && isFinished(now) && (started || isFinished(now) !== isFinished(before))) {
    causes.push(causeRequired('status.startTime', 'startTime is required for finished job'));
  }
  if (completionTime !== undefined && before.status.completionTime !== undefined && ended) {
    causes.push(causeInvalid(field, completionTime, 'completionTime cannot be mutated'));
  }
  if (before.status.startTime !== undefined && started && now.spec.suspend !== true) {
    causes.push(causeRequired('status.startTime', 'startTime cannot be removed for unsuspended job'));
  }
  return causes;
}

function indexFaults(now: State, before: State): StatusCause[] {
  const { completions, backoffLimitPerIndex } = now.spec;
  const completed = text(now.status, 'completedIndexes');
  const failed = now.status.failedIndexes as string | undefined;
  const completedChanged = completed !== text(before.status, 'completedIndexes');
  const failedChanged = failed !== before.status.failedIndexes;
  const causes: StatusCause[] = [];
  const say = (field: string, value: unknown, detail: string) =>
    causes.push(causeInvalid(`status.${field}`, value, detail));
  const count = typeof completions === 'number' ? completions : undefined;
  if (completedChanged && count !== undefined) {
    const read = indexCount(completed, count);
    if (typeof read === 'string') say('completedIndexes', completed, `error parsing completedIndexes: ${read}`);
  }
  if (failedChanged && count !== undefined && backoffLimitPerIndex !== undefined && failed !== undefined) {
    const read = indexCount(failed, count);
    if (typeof read === 'string') say('failedIndexes', failed, `error parsing failedIndexes: ${read}`);
  }
  if (completedChanged && completed !== '' && now.spec.completionMode !== 'Indexed') {
    say('completedIndexes', completed, 'cannot set non-empty completedIndexes when non-indexed completion mode');
  }
  if (failedChanged && backoffLimitPerIndex === undefined && failed !== undefined) {
    say('failedIndexes', failed, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  }
  if ((completedChanged || failedChanged) && count !== undefined && failed !== undefined) {
    const common = commonIndex(completed, failed, count);
    if (common !== undefined) {
      say('failedIndexes', failed, `failedIndexes and completedIndexes overlap at index: ${common}`);
    }
  }
  return causes;
}

function countFaults(now: State, before: State): StatusCause[] {
  const causes: StatusCause[] = [];
  const say = (field: string, detail: string) =>
    causes.push(causeInvalid(`status.${field}`, now.status[field] ?? 0, detail));
  const finishedChanged = isFinished(now) !== isFinished(before);
  const changed = (field: string) => finishedChanged || !equalJson(now.status[field], before.status[field]);
  const { status } = now;
  if (isFinished(now)) {
    if (number(status, 'active') > 0 && changed('active')) say('active', 'active>0 is invalid for finished job');
    const left = fields(status, 'uncountedTerminatedPods');
    if (strings(left, 'failed').length + strings(left, 'succeeded').length > 0 && changed('uncountedTerminatedPods')) {
      say('uncountedTerminatedPods', 'uncountedTerminatedPods needs to be empty for finished job');
    }
    if (number(status, 'terminating') > 0 && changed('terminating')) {
      say('terminating', 'terminating>0 is invalid for finished job');
    }
  }
  const moves = status.ready !== before.status.ready || number(status, 'active') !== number(before.status, 'active');
  if (moves && status.ready !== undefined && number(status, 'ready') > number(status, 'active')) {
    say('ready', 'cannot set more ready pods than active');
  }
  if (number(status, 'failed') < number(before.status, 'failed')) say('failed', 'cannot decrease the failed counter');
  const elastic = now.spec.completionMode === 'Indexed' && now.spec.completions === now.spec.parallelism;
  if (!elastic && number(status, 'succeeded') < number(before.status, 'succeeded')) {
    say('succeeded', 'cannot decrease the succeeded counter');
  }
  return causes;
}

const compared =
  (faults: (now: State, before: State) => StatusCause[]): Check =>
  (_value, { object, old }) =>
    faults(stateOf(object), stateOf(old));

const conditions: Check = (_value, { object, old }) =>
  conditionFaults(stateOf(object), stateOf(old)).map((detail) => ({
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${detail}`,
    field: 'status.conditions',
  }));

export const JOB_STATUS_RULES: Readonly<Record<string, readonly Rule[]>> = {
  'batch/v1 Job/status': rows(SOURCE, [
    ...COUNTS.map((field) => [`status.${field}`, nonNegative] as const),
    ['status.uncountedTerminatedPods', uncounted],
    ['status', conditions],
    ['status', compared(timeFaults)],
    ['status', compared(countFaults)],
    ['status', compared(indexFaults)],
  ]),
};
