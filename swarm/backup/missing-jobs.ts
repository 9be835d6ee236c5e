/** Why no backup Job came, or none for some of the workspaces. */
import { conditionOf, type KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { BACKUP_RESOURCES, OPERATOR_CONFIG, OPERATOR_CONTAINER, OPERATOR_SELECTOR } from './backup-resources.ts';
import type { Case, Finding } from './finding.ts';
import { scheduleGapMs } from './parameter-values.ts';
import { registryHost } from './registry-path.ts';
import { secretProblem } from './registry-secret.ts';
import { countBy } from './spread.ts';

const MINUTE = 60_000;
/** Of the document: a Job must come within an interval of the schedule, and some minutes for the operator. */
const PATIENCE_MS = 5 * MINUTE;
const NONE = 'No backup Jobs were created';

/** The causes are looked for in the order in which one hides the next. */
export async function missingFindings(one: Case): Promise<Finding[]> {
  const { jobs, stop } = one.figures;
  if (jobs!.total > 0) return neverAttempted(one);
  // Where none became ready, that is told already.
  if (!stop || one.figures.load.ready === 0) return [];
  if (stop.stopped === 0) return [notStopped(one)];
  const interval = scheduleGapMs(one.backup.schedule) ?? 0;
  if (one.figures.config?.appliedAt == null || (one.watchedMs < interval + PATIENCE_MS && !one.watch?.timedOut))
    return [];
  const found =
    (await configFinding(one)) ??
    (await secretFinding(one)) ??
    (await operatorFinding(one)) ??
    (await cronFinding(one));
  return [found];
}

const finding = (cause: string, evidence: readonly string[], advice: string): Finding => ({
  topic: NONE,
  cause,
  evidence,
  advice,
});

function notStopped({ figures }: Case): Finding {
  const phases = countBy(figures.workspaces, ({ phase }) => phase || 'not made');
  const messages = countBy(
    figures.workspaces.filter(({ message }) => message !== ''),
    ({ message }) => message,
  );
  const [most] = Object.entries(messages).sort(([, a], [, b]) => b - a);
  return finding(
    'no workspace is Stopped, and only those are backed up',
    [
      `${Object.entries(phases)
        .map(([phase, count]) => `${phase}: ${count}`)
        .join(', ')}`,
      ...(most ? [`${most[1]} of them say: ${most[0]}`] : []),
    ],
    `kubectl get dw -A -l load-test=test-type shows them; let them start and stop by hand, and mend what keeps them from it`,
  );
}

async function configFinding({ figures, backup, look }: Case): Promise<Finding | null> {
  const { operatorNamespace: namespace } = figures.cluster;
  const live = await look.object(BACKUP_RESOURCES.operatorConfigs, namespace, OPERATOR_CONFIG);
  const name = `DevWorkspaceOperatorConfig ${OPERATOR_CONFIG} in namespace ${namespace}`;
  const advice = `look who changes it: kubectl get dwoc ${OPERATOR_CONFIG} -n ${namespace} -o yaml --show-managed-fields`;
  if (live === undefined) return null;
  if (live === 'absent') return finding('the configuration is gone', [`there is no ${name}`], advice);
  const { enable, schedule, registry } = cronOf(live);
  const wanted: [what: string, is: unknown, shall: unknown][] = [
    ['enable', enable, true],
    ['schedule', schedule, backup.schedule],
    ['registry.path', registry?.path, figures.config!.registryPath],
    ['registry.authSecret', registry?.authSecret || null, backup.registrySecret],
  ];
  const others = wanted.filter(([, is, shall]) => is !== shall);
  if (others.length === 0) return null;
  return finding(
    'the configuration is not applied: somebody has changed it',
    others.map(
      ([what, is, shall]) =>
        `backupCronJob.${what} of ${name} is ${JSON.stringify(is ?? null)}, and was to be ${JSON.stringify(shall)}`,
    ),
    advice,
  );
}

interface CronJob {
  enable?: boolean;
  schedule?: string;
  registry?: { path?: string; authSecret?: string };
}

function cronOf({ config }: KubeObject): CronJob {
  return (config as { workspace?: { backupCronJob?: CronJob } } | undefined)?.workspace?.backupCronJob ?? {};
}

/** devfile/devworkspace-operator, pkg/secrets/backup.go: without its secret no Job is made, and nobody is told. */
async function secretFinding({ figures, backup, look }: Case): Promise<Finding | null> {
  if (backup.registrySecret === null) return null;
  const { operatorNamespace: namespace } = figures.cluster;
  const name = `secret ${backup.registrySecret} in namespace ${namespace}`;
  const again = 'the workspaces are due again only after a start and a stop, so run the load anew';
  const secret = await look.object(RESOURCES.secrets, namespace, backup.registrySecret);
  if (secret === undefined) return null;
  if (secret === 'absent') {
    return finding(
      'the secret with the credentials of the registry is missing, and without it the operator makes no Job',
      [`there is no ${name}`],
      `export QUAY_USERNAME and QUAY_PASSWORD, or make the secret; ${again}`,
    );
  }
  const problem = secretProblem(secret, registryHost(backup.registryPath));
  if (problem === null) return null;
  const [what = '', ...todo] = problem.split('; ');
  return finding(
    'the operator can do nothing with the secret of the registry, and makes no Job',
    [`${name} ${what}`],
    `${todo.join('; ')}; ${again}`,
  );
}

async function operatorFinding({ figures, look }: Case): Promise<Finding | null> {
  const { operatorNamespace: namespace } = figures.cluster;
  const pods = await look.pods(namespace, OPERATOR_SELECTOR);
  const ready = pods.filter((pod) => conditionOf(pod, 'Ready')?.status === 'True');
  if (ready.length > 0) return null;
  return finding(
    'the operator does not run, and its schedule is kept by itself alone',
    pods.length === 0
      ? [`there is no pod with ${OPERATOR_SELECTOR} in namespace ${namespace}`]
      : pods.map(
          ({ metadata, status }) => `pod ${metadata.name} is ${(status as { phase?: string }).phase}, and not ready`,
        ),
    `kubectl describe pod -n ${namespace} -l ${OPERATOR_SELECTOR}; kubectl logs -n ${namespace} -l ${OPERATOR_SELECTOR} --previous`,
  );
}

/** `status.lastBackupTime` is written at the end of each pass, whatever came of it: controllers/backupcronjob. */
async function cronFinding(one: Case): Promise<Finding> {
  const { figures, backup, look } = one;
  const { operatorNamespace: namespace } = figures.cluster;
  const live = await look.object(BACKUP_RESOURCES.operatorConfigs, namespace, OPERATOR_CONFIG);
  const { lastBackupTime = '' } = (typeof live === 'object' ? (live.status ?? {}) : {}) as { lastBackupTime?: string };
  const { appliedAt, appliedAtThere } = figures.config!;
  const log = await operatorErrors(one);
  const logs = `kubectl logs -n ${namespace} -l ${OPERATOR_SELECTOR} --tail=100`;
  // Both by the clock of the cluster.
  if (Date.parse(lastBackupTime) >= (appliedAtThere ?? Math.floor(appliedAt! / 1000) * 1000)) {
    return finding(
      'the schedule fires, and the operator makes no Job for any workspace: it cannot, or holds all of them for backed up since their stop',
      [`the last pass ended at ${lastBackupTime}`, ...log],
      `look what it says: ${logs}; quotas of the namespaces refuse Jobs, too: kubectl get resourcequota -A`,
    );
  }
  return finding(
    'the schedule does not fire',
    [
      lastBackupTime === '' ? 'no pass has ever ended' : `the last pass ended at ${lastBackupTime}`,
      `the configuration with "${backup.schedule}" was applied at ${new Date(appliedAtThere ?? appliedAt!).toISOString()}, ${Math.round(one.watchedMs / MINUTE)} minutes before the end`,
      ...log,
    ],
    `look whether the operator has taken the schedule, and in which time zone: ${logs}`,
  );
}

/** Lines of the operator's log about backups that failed. */
async function operatorErrors({ figures, look }: Case): Promise<string[]> {
  const { operatorNamespace: namespace } = figures.cluster;
  const [pod] = await look.pods(namespace, OPERATOR_SELECTOR);
  if (!pod) return [];
  const lines = await look.log(namespace, pod.metadata.name, 200, OPERATOR_CONTAINER);
  const last = lines.findLast((line) => /backup|cron/i.test(line) && /error|fail/i.test(line));
  return last === undefined ? [] : [`the operator says: ${last.slice(0, 300)}`];
}

/** Some were tried, and others never. */
async function neverAttempted(one: Case): Promise<Finding[]> {
  const { figures, look } = one;
  const never = figures.outcomes!['never-attempted'];
  if (never === 0) return [];
  // As long as first Jobs still come, those without one wait for their turn; of an incorrect configuration others come without end.
  if (one.watch?.timedOut && one.backup.configType !== 'incorrect') return [];
  const { operatorNamespace: namespace } = figures.cluster;
  const example = figures.workspaces.find(({ outcome }) => outcome === 'never-attempted')!;
  const live = await look.object(BACKUP_RESOURCES.operatorConfigs, namespace, OPERATOR_CONFIG);
  const { lastBackupTime } = (typeof live === 'object' ? (live.status ?? {}) : {}) as { lastBackupTime?: string };
  return [
    {
      topic: 'Workspaces were never attempted',
      cause:
        'a workspace is due when it stopped after the last pass; one that stopped while a pass went on, or whose Job could not be made, is passed over until it is started and stopped again',
      evidence: [
        `${never} of ${figures.backedUp!.of} stopped workspaces had no Job, for example ${example.namespace}/${example.name}`,
        ...(lastBackupTime === undefined ? [] : [`the last pass ended at ${lastBackupTime}`]),
        ...(await operatorErrors(one)),
      ],
      advice:
        'configure the operator after the stop (--backup-order stop-first), and let passes have more time than they take (--backup-schedule "*/10 * * * *")',
    },
  ];
}
