/** Whether there is a write in which a rule says something, for every rule: one that never does is not needed, or is not tested. */
import { expect, it } from 'vitest';
import { ApiStatusError } from '../../api/status.ts';
import { type Loose, TestCluster, typeNamed } from '../../testing/test-cluster.ts';
import { RULES } from './index.ts';
import { type Check, causesOf, type Rule, RuleSet, Stop } from './rule.ts';
import { causesOfOurs, readAnswers } from './testing/answers.ts';
import { BASE_WORKLOADS } from './testing/base-workloads.ts';

/** Rules of pods are in several tables; the same one by what it asks, of which field, as what upstream does. */
const nameOf = ({ field, source }: Rule): string =>
  `${source}: ${field
    .replace(/[!*[\]]/g, '')
    .split('.')
    .at(-1)}`;

const fired = new Map<Check, Set<string>>();

function watched(rule: Rule): Rule {
  const check: Check = (value, place) => {
    const found = rule.check(value, place);
    if (found instanceof Stop || causesOf(found).length > 0) {
      fired.set(rule.check, (fired.get(rule.check) ?? new Set()).add(nameOf(rule)));
    }
    return found;
  };
  return { ...rule, check };
}

type Write = readonly [through: string | undefined, change: (draft: Loose) => void];

/** A valid object with a change, and writes to it; a real server's causes have what no table can: times, pointers, or names of their own. */
const MORE: readonly (readonly [kind: string, change: (draft: Loose) => void, ...writes: readonly Write[]])[] = [
  ['policy/v1 PodDisruptionBudget', ({ spec }) => Object.assign(spec, { maxUnavailable: 1 })],
  [
    'batch/v1 Job',
    () => {},
    [undefined, ({ spec }) => Object.assign(spec.template.spec, { nodeSelector: { a: 'b' } })],
  ],
  [
    'batch/v1 Job',
    ({ spec }) => Object.assign(spec, { podFailurePolicy: failurePolicy('True') }),
    [undefined, ({ spec }) => Object.assign(spec, { podFailurePolicy: failurePolicy('False') })],
  ],
  [
    'batch/v1 Job',
    ({ spec }) => Object.assign(spec, { completionMode: 'Indexed', completions: 3, successPolicy: successes(1) }),
    [undefined, ({ spec }) => Object.assign(spec, { successPolicy: successes(2) })],
  ],
  ...['Deployment', 'StatefulSet', 'DaemonSet'].map(
    (kind) => [`apps/v1 ${kind}`, () => {}, status({ collisionCount: 2 }), status({ collisionCount: 1 })] as const,
  ),
  ...['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'].map(
    (list) =>
      [
        'v1 Pod',
        ({ spec }: Loose) =>
          Object.assign(spec, { restartPolicy: 'Never', initContainers: [{ name: 'i', image: 'a:1' }] }),
        status({ [list]: [containerStatus({ terminated: { exitCode: 1 } })] }),
        status({ [list]: [containerStatus({ running: {} })] }),
      ] as const,
  ),
  [
    'v1 Pod',
    () => {},
    ephemeral({ name: 'e' }),
    ephemeral({ name: 'e', image: 'b:1', readinessProbe: {}, startupProbe: {} }),
  ],
  [
    'v1 Pod',
    ({ spec }) => Object.assign(spec, { volumes: [{ name: 'v', emptyDir: {} }] }),
    ephemeral({
      name: 'e',
      readinessProbe: {},
      volumeMounts: [{ name: 'v', mountPath: '/a', subPathExpr: 'b' }],
    }),
  ],
  ['v1 Pod', () => {}, ephemeral({ name: 'e', startupProbe: {} })],
  [
    'v1 Pod',
    () => {},
    ephemeral({ name: 'e' }),
    ['ephemeralcontainers', ({ spec }) => delete spec.ephemeralContainers],
  ],
  ['v1 Pod', ({ spec }) => Object.assign(spec, { volumes: [{ name: 'A_', ephemeral: {} }] })],
  ['v1 Pod', ({ spec }) => Object.assign(spec, { volumes: [{ name: 'v', ephemeral: sources('a', 'b') }] })],
  [
    'v1 Pod',
    (pod) => Object.assign(pod, { metadata: { annotations: PINNED }, spec: { ...pod.spec, nodeName: 'n' } }),
    ephemeral({ name: 'e' }),
  ],
  ['v1 Pod', ({ spec }) => Object.assign(spec, { securityContext: { windowsOptions: { runAsUserName: '' } } })],
];

const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const PINNED = { 'kubernetes.io/config.mirror': 'a' };

function sources(...names: string[]) {
  const [dataSource, dataSourceRef] = names.map((name) => ({ kind: 'PersistentVolumeClaim', name }));
  return { volumeClaimTemplate: { spec: { ...CLAIM, dataSource, dataSourceRef } } };
}

function failurePolicy(state: string) {
  return { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'A', status: state }] }] };
}

function successes(succeededCount: number) {
  return { rules: [{ succeededCount }] };
}

function containerStatus(state: object) {
  return { name: 'c', image: 'a', imageID: '', ready: false, restartCount: 0, state };
}

function status(fields: object): Write {
  return ['status', (draft) => Object.assign(draft, { status: { ...draft.status, ...fields } })];
}

function ephemeral(container: object): Write {
  const ephemeralContainers = [{ image: 'a:1', ...container }];
  return ['ephemeralcontainers', ({ spec }) => Object.assign(spec, { ephemeralContainers })];
}

function perform([kind, change, ...writes]: (typeof MORE)[number]): void {
  const test = new TestCluster();
  const object: Loose = structuredClone(BASE_WORKLOADS[kind]);
  change(object);
  try {
    test.create(kind, 'c', object);
    for (const [through, write] of writes) test.update(kind, 'c', write, through);
  } catch (error) {
    if (!(error instanceof ApiStatusError)) throw error;
  }
}

it('every rule of workloads says something of some write', () => {
  const sets = new Map(Object.entries(RULES).map(([table, rules]) => [table, new RuleSet(rules.map(watched))]));
  const answers = readAnswers();
  for (const kind of new Set(answers.map((answer) => answer.kind))) {
    const type = typeNamed(kind);
    const { validate } = type;
    type.validate = (object, old, context, subresource) => {
      sets.get(subresource === '' ? kind : `${kind}/${subresource}`)?.faults(object, old, context);
      return validate!(object, old, context, subresource);
    };
  }
  for (const answer of answers) causesOfOurs(answer);
  for (const more of MORE) perform(more);
  const silent = Object.entries(RULES)
    .filter(([table]) => table.split('/', table.startsWith('v1') ? 1 : 2).join('/') in BASE_WORKLOADS)
    .flatMap(([, rules]) => rules.filter((rule) => !fired.get(rule.check)?.has(nameOf(rule))).map(nameOf));
  expect([...new Set(silent)]).toEqual([]);
});
