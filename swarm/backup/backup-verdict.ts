/** What a backup load came to: the document's expectations as thresholds, judged by the one evaluator. */
import type { Threshold } from '../plan/expanded-plan.ts';
import type { Figure } from '../plan/figures.ts';
import { parseExpression } from '../plan/thresholds.ts';
import { formatCount, formatShare } from '../report/style.ts';
import { type Evaluated, evaluate, type FigureSource, type Sample } from '../report/thresholds.ts';
import { type BackupFigures, restartsOf } from './backup-figures.ts';
import type { ConfigType } from './backup-options.ts';
import type { BackupResult } from './backup-run-options.ts';
import { caseLine, unexpectedCases } from './restore-text.ts';

export interface BackupVerdict {
  readonly verdict: 'passed' | 'failed' | 'interrupted';
  /** Plain sentences: what ended the run, which thresholds were crossed, what was left. */
  readonly reasons: readonly string[];
  readonly thresholds: readonly Evaluated[];
}

interface BackupFigure extends Figure {
  /** Null while nobody knows. */
  read(figures: BackupFigures): Sample | null;
  /** A crossing as one sentence, without the limit. */
  sentence(figures: BackupFigures): string;
}

const define = (
  name: string,
  kind: Figure['kind'],
  help: string,
  read: BackupFigure['read'],
  sentence: BackupFigure['sentence'],
): BackupFigure => ({ name, kind, unit: kind === 'trend' ? 'ms' : 'share', help, labels: {}, read, sentence });

const count = (value: number): Sample => ({ kind: 'counter', count: value, seconds: 0 });
const share = (hits: number, of: number): Sample => ({ kind: 'rate', hits, of });
const of = (hits: number, all: number) => `${formatShare(hits, all)} (${formatCount(hits)} of ${formatCount(all)})`;
const due = ({ backedUp }: BackupFigures) => backedUp?.of ?? 0;

const BACKUP_FIGURES: readonly BackupFigure[] = [
  define(
    'workspaces_ready',
    'rate',
    'Workspaces that came to Running, of those planned',
    ({ load }) => share(load.ready, load.planned),
    ({ load }) => `${of(load.ready, load.planned)} of the workspaces became ready`,
  ),
  define(
    'workspaces_stopped',
    'rate',
    'Workspaces that were seen Stopped, of those that were asked to stop',
    ({ stop }) => stop && share(stop.stopped, stop.requested),
    ({ stop }) => `${of(stop!.stopped, stop!.requested)} of the workspaces were stopped`,
  ),
  define(
    'backup_success',
    'rate',
    'Workspaces whose last backup did well, of those that were Stopped',
    ({ backedUp }) => backedUp && share(backedUp.hits, backedUp.of),
    ({ backedUp }) => `${of(backedUp!.hits, backedUp!.of)} of the stopped workspaces are backed up`,
  ),
  define(
    'backup_jobs_failed',
    'rate',
    'Jobs that failed, of all that were seen',
    ({ jobs }) => jobs && share(jobs.failed, jobs.total),
    ({ jobs }) => `${of(jobs!.failed, jobs!.total)} of the backup Jobs failed`,
  ),
  define(
    'backup_jobs_succeeded',
    'rate',
    'Jobs that succeeded, of all that were seen',
    ({ jobs }) => jobs && share(jobs.succeeded, jobs.total),
    ({ jobs }) => `${formatCount(jobs!.succeeded)} backup Jobs succeeded with an incorrect configuration`,
  ),
  define(
    'workspaces_attempted',
    'rate',
    'Workspaces that a backup was seen to be tried of, of those that were Stopped',
    (figures) => figures.outcomes && share(due(figures) - figures.outcomes['never-attempted'], due(figures)),
    (figures) => `no backup was tried of ${formatCount(figures.outcomes!['never-attempted'])} stopped workspaces`,
  ),
  define(
    'backups_late',
    'counter',
    'Stopped workspaces without a backup that had ended when the time was over',
    ({ outcomes }) => outcomes && count(outcomes['never-attempted'] + outcomes.unfinished),
    ({ outcomes }) =>
      `${formatCount(outcomes!['never-attempted'] + outcomes!.unfinished)} stopped workspaces had no backup that ended in time (${formatCount(outcomes!['never-attempted'])} were never tried)`,
  ),
  define(
    'attempted_once',
    'counter',
    'Stopped workspaces with one Job or none',
    (figures) => (figures.attemptedTwiceOrMore === null ? null : count(due(figures) - figures.attemptedTwiceOrMore)),
    (figures) =>
      `${formatCount(due(figures) - figures.attemptedTwiceOrMore!)} stopped workspaces were tried less than twice after two intervals`,
  ),
  define(
    'operator_restarts',
    'counter',
    "Restarts of the operator's containers",
    ({ resources }) => count(restartsOf(resources.operatorRestarts)),
    ({ resources }) => {
      const times = restartsOf(resources.operatorRestarts);
      return `the operator was restarted ${formatCount(times)} time${times === 1 ? '' : 's'}`;
    },
  ),
  define(
    'operator_alive',
    'gauge',
    'Whether a pod of the operator was ready at the end: 1 or 0',
    ({ resources }) => ({ kind: 'gauge', value: resources.operatorAlive ? 1 : 0 }),
    () => 'no pod of the operator was ready at the end',
  ),
  define(
    'restore_success',
    'rate',
    'Workspaces that came to Running with the content they had, of those that were restored',
    ({ restore }) => restore && share(restore.restored.hits, restore.restored.of),
    ({ restore }) => `${of(restore!.restored.hits, restore!.restored.of)} of the restored workspaces are back`,
  ),
  define(
    'restore_cases_unexpected',
    'counter',
    'Cases of restores that did not end as they must',
    ({ restore }) => restore && count(unexpectedCases(restore).length),
    ({ restore }) => unexpectedCases(restore!).map(caseLine).join('; '),
  ),
];
const byName = new Map(BACKUP_FIGURES.map((figure) => [figure.name, figure]));

/** The document's expectations, and what must hold that its rates mean anything. */
const LOAD: readonly [string, string][] = [['workspaces_ready', 'rate>0.95']];
const CORRECT: readonly [string, string][] = [
  ['workspaces_stopped', 'rate>0.95'],
  ['backup_success', 'rate>0.95'],
  ['backup_jobs_failed', 'rate<0.05'],
  ['backups_late', 'count==0'],
  ['operator_restarts', 'count==0'],
];
const EXPECTATIONS: Readonly<Record<ConfigType, readonly [string, string][]>> = {
  correct: CORRECT,
  'openshift-internal': CORRECT,
  incorrect: [
    ['workspaces_stopped', 'rate>0.95'],
    ['backup_jobs_succeeded', 'count==0'],
    ['workspaces_attempted', 'rate==1'],
    ['backups_late', 'count==0'],
    ['attempted_once', 'count==0'],
    ['operator_restarts', 'count==0'],
    ['operator_alive', 'value==1'],
  ],
};

/** Its gate is that of the successor of the public scripts: rohankanojia-testing/devworkspace-operator-load-tests, restore_success_rate. */
const RESTORE: readonly [string, string][] = [
  ['restore_success', 'rate>=0.95'],
  ['restore_cases_unexpected', 'count==0'],
];

/** @param type null for the plain load. @param restores whether something was restored */
export function backupThresholds(type: ConfigType | null, restores = false): Threshold[] {
  const rows = [...LOAD, ...(type === null ? [] : EXPECTATIONS[type]), ...(restores ? RESTORE : [])];
  return rows.map(([name, expression]) => parseExpression(expression, byName.get(name)!));
}

/** Leftovers that are told one by one. */
const MANY = 10;

function leftReasons({ leftovers, run }: BackupFigures): string[] {
  if (leftovers.length === 0) return [];
  const more = leftovers.length - MANY;
  return [
    ...leftovers.slice(0, MANY).map((left) => `left behind: ${left}`),
    ...(more > 0 ? [`left behind: ${formatCount(more)} more, which the ledger of the run has`] : []),
    `what is left behind is removed, and put back, by: swarm clean ${run}`,
  ];
}

export function judgeBackup({ figures, interrupted, failure }: BackupResult): BackupVerdict {
  const source: FigureSource = { read: (name) => byName.get(name)!.read(figures) };
  const thresholds = evaluate(backupThresholds(figures.config?.type ?? null, figures.restore !== null), source);
  // Of what ended early nothing more can be expected.
  const crossed = interrupted || failure !== null ? [] : thresholds.filter(({ ok }) => ok === false);
  const nothing = figures.backedUp?.of === 0 && !interrupted && failure === null;
  const { restore } = figures;
  const nothingToRestore =
    restore !== null && restore.sample !== '' && restore.restored.of === 0 && failure === null && !interrupted;
  const reasons = [
    ...(failure === null ? [] : [failure]),
    ...(nothing ? ['no workspace was Stopped, so that none could be backed up'] : []),
    ...(nothingToRestore ? ['no workspace is backed up, so that none could be restored'] : []),
    ...crossed.map((one) => `${byName.get(one.figure)!.sentence(figures)}: ${one.figure} wants ${one.expression}`),
  ];
  const left = leftReasons(figures);
  if (interrupted && reasons.length === 0)
    return { verdict: 'interrupted', reasons: ['the run was stopped before its end', ...left], thresholds };
  reasons.push(...left);
  if (reasons.length > 0) return { verdict: 'failed', reasons, thresholds };
  return { verdict: 'passed', reasons: [], thresholds };
}
