/** Pods: what may change of them, their status, and the containers that are put in later. */
import { causeForbidden, causeInvalid, type StatusCause } from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import { cloneJson, equalJson, isPlainObject } from '../../api/json.ts';
import { at, type Fields, fields, items } from '../fields.ts';
import { atCreation } from './checks.ts';
import { APP_ARMOR, MIRROR } from './pod-annotations.ts';
import { coreSource } from './pod-facts.ts';
import { addedGateFaults } from './pod-scheduling.ts';
import { NEW_POD_RULES, POD_RULES } from './pod-spec.ts';
import { POD_STATUS_RULES } from './pod-status.ts';
import { type Check, type Rule, rows } from './rule.ts';
import { labelsLiteral } from './scaling.ts';

type Annotations = Readonly<Record<string, string>>;

const sameAnnotations: Check = (value, { path, old, before }) => {
  if (!old) return undefined;
  const [now, was] = [value ?? {}, before ?? {}] as [Annotations, Annotations];
  const causes: StatusCause[] = [];
  const refuse = (key: string, verb: string) => {
    if (key.startsWith(APP_ARMOR))
      causes.push(causeForbidden(`${path}[${key}]`, `may not ${verb} AppArmor annotations`));
    if (key === MIRROR) causes.push(causeForbidden(`${path}[${key}]`, `may not ${verb} mirror pod annotation`));
  };
  for (const [key, entry] of Object.entries(was)) if (now[key] !== entry) refuse(key, 'remove or update');
  for (const key of Object.keys(now)) if (!Object.hasOwn(was, key)) refuse(key, 'add');
  return causes;
};

const NO_OTHERS = 'pod updates may not add or remove containers';

const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

const LONGEST_SECONDS = 2 ** 31 - 1;

/** @returns whether that is all that there is to say. */
function deadlineFaults(now: unknown, before: unknown, causes: StatusCause[]): boolean {
  const field = 'spec.activeDeadlineSeconds';
  if (now === undefined) {
    if (before !== undefined) {
      causes.push(causeInvalid(field, null, 'must not update from a positive integer to nil value'));
    }
    return false;
  }
  if (Number(now) < 0 || Number(now) > LONGEST_SECONDS) {
    causes.push(causeInvalid(field, now, `must be between 0 and ${LONGEST_SECONDS}, inclusive`));
    return true;
  }
  if (before === undefined || Number(before) >= Number(now)) return false;
  causes.push(causeInvalid(field, now, 'must be less than or equal to previous value'));
  return true;
}

/** A toleration may only last longer or shorter. */
function tolerationsKept(now: readonly Fields[], before: readonly Fields[]): boolean {
  const lasting = ({ tolerationSeconds: _, ...rest }: Fields) => rest;
  return before.every((old) => now.some((entry) => equalJson(lasting(entry), lasting(old))));
}

/** Of what waits for its gates, selectors of nodes may become narrower. They are taken out of `now`, and causes returned. */
function gatedFaults(now: Fields, before: Readonly<Fields>): StatusCause[] {
  const causes: StatusCause[] = [];
  const [selector, wasSelector] = [fields(now, 'nodeSelector'), fields(before, 'nodeSelector')];
  if (Object.entries(wasSelector).some(([key, value]) => selector[key] !== value)) {
    const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    causes.push(causeInvalid('spec.nodeSelector', labelsLiteral(selector), detail));
  }
  put(now, 'nodeSelector', before.nodeSelector);
  const [affinity, wasAffinity] = [at(now, 'affinity', 'nodeAffinity'), at(before, 'affinity', 'nodeAffinity')];
  if (!equalJson(affinity, wasAffinity)) {
    causes.push(...affinityFaults(affinity, wasAffinity));
    const rest = { ...fields(now, 'affinity') };
    put(rest, 'nodeAffinity', wasAffinity);
    put(now, 'affinity', Object.keys(rest).length > 0 || before.affinity !== undefined ? rest : undefined);
  }
  return causes;
}

/** validateNodeAffinityMutation */
function affinityFaults(now: unknown, before: unknown): StatusCause[] {
  const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
  const old = items(before, REQUIRED, 'nodeSelectorTerms');
  const terms = items(now, REQUIRED, 'nodeSelectorTerms');
  const path = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`;
  if (old.length > 0 && old.length !== terms.length) {
    const detail = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [causeInvalid(path, new GoLiteral('[]core.NodeSelectorTerm{}'), detail)];
  }
  return old.flatMap((term, index) => {
    if (onlyAdded(terms[index]!, term)) return [];
    const detail = 'only additions are allowed (no mutations or deletions)';
    return [causeInvalid(`${path}[${index}]`, new GoLiteral('core.NodeSelectorTerm{}'), detail)];
  });
}

function onlyAdded(now: Fields, before: Fields): boolean {
  const lists = ['matchExpressions', 'matchFields'];
  const wasEmpty = lists.every((list) => items(before, list).length === 0);
  if (wasEmpty) return lists.every((list) => items(now, list).length === 0);
  return lists.every((list) => {
    const old = items(before, list);
    return equalJson(items(now, list).slice(0, old.length), old);
  });
}

function put(target: Fields, field: string, value: unknown): void {
  if (value === undefined) delete target[field];
  else target[field] = cloneJson(value);
}

/** Puts what may change back to what it was, in place. */
function takeBack(now: Fields, before: Readonly<Fields>): void {
  for (const list of ['containers', 'initContainers']) {
    const old = items(before, list);
    for (const [index, container] of items(now, list).entries()) put(container, 'image', old[index]!.image);
  }
  for (const field of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations']) put(now, field, before[field]);
}

/** ValidatePodUpdate, as far as it compares. */
const changes: Check = (value, { old, before }) => {
  if (!old || !isPlainObject(value)) return undefined;
  const was = fields({ before }, 'before');
  const causes: StatusCause[] = [];
  for (const list of ['containers', 'initContainers']) {
    if (items(value, list).length !== items(was, list).length) return [causeForbidden(`spec.${list}`, NO_OTHERS)];
  }
  if (deadlineFaults(value.activeDeadlineSeconds, was.activeDeadlineSeconds, causes)) return causes;
  if (!tolerationsKept(items(value, 'tolerations'), items(was, 'tolerations'))) {
    const detail = 'existing toleration can not be modified except its tolerationSeconds';
    causes.push(causeForbidden('spec.tolerations', detail));
  }
  causes.push(
    ...addedGateFaults(items(value, 'schedulingGates'), items(was, 'schedulingGates'), 'spec.schedulingGates'),
  );
  if (equalJson(value, was)) return causes;
  const now = cloneJson(value);
  takeBack(now, was);
  if (items(was, 'schedulingGates').length > 0) causes.push(...gatedFaults(now, was));
  if (!equalJson(now, was)) causes.push(causeForbidden('spec', CHANGEABLE));
  return causes;
};

const keptEphemeral: Check = (value, { path, before }) => {
  const now = items({ value }, 'value');
  return items({ before }, 'before').flatMap((old) => {
    const same = now.find((container) => container.name === old.name);
    const what = `existing ephemeral containers ${JSON.stringify(old.name)} may not be`;
    if (!same) return [causeForbidden(path, `${what} removed\n`)];
    return equalJson(same, old) ? [] : [causeForbidden(path, `${what} changed\n`)];
  });
};

const notStatic: Check = (_value, { old }) =>
  at(old, 'metadata', 'annotations', MIRROR) === undefined
    ? undefined
    : causeForbidden('', 'static pods do not support ephemeral containers');

const annotationRule = rows(coreSource('ValidatePodSpecificAnnotationUpdates'), [
  ['metadata.annotations', sameAnnotations],
]);

export const POD_KIND_RULES: Readonly<Record<string, readonly Rule[]>> = {
  'v1 Pod': [
    ...POD_RULES,
    ...NEW_POD_RULES.map((rule) => ({ ...rule, check: atCreation(rule.check) })),
    ...annotationRule,
    ...rows(coreSource('ValidatePodUpdate'), [['spec', changes]]),
  ],
  'v1 Pod/ephemeralcontainers': [
    ...POD_RULES,
    ...annotationRule,
    ...rows(coreSource('ValidatePodEphemeralContainersUpdate'), [
      ['spec.ephemeralContainers', keptEphemeral],
      ['', notStatic],
    ]),
  ],
  'v1 Pod/status': [...annotationRule, ...POD_STATUS_RULES],
};
