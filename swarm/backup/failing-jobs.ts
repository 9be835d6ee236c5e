/** Why backup Jobs fail, by what their pods said. */
import { RESOURCES } from '../../model/kube/resources.ts';
import type { FailedPod, FailureGroup } from './backup-figures.ts';
import type { Case, Finding } from './finding.ts';
import { registryHost } from './registry-path.ts';
import { COPIED_SECRET, sameCredentials, userOf } from './registry-secret.ts';

type Cause = 'credentials' | 'path' | 'network' | 'quota' | 'registry' | 'resources' | 'other';

/** What is seen of a cause; the first that fits counts. Messages: oras-project/oras, distribution/distribution errcode, Go's net. */
const SIGNS: readonly (readonly [Cause, RegExp])[] = [
  ['resources', /OOMKilled|Evicted|exit code 137|exit code <n>.*OOM|ephemeral.storage/i],
  ['quota', /quota|insufficient storage|no space left|status code 507|status code 413|entity too large/i],
  ['registry', /status code 5\d\d|internal server error|status code 429|too many requests/i],
  [
    'path',
    /no such host|server misbehaving|name[_ ]unknown|name[_ ]invalid|invalid reference|status code 404|repository .*not found/i,
  ],
  ['credentials', /unauthori[sz]ed|authentication required|status code 40[13]|denied|forbidden|basic credential/i],
  [
    'network',
    /connection refused|connection reset|time-?out|timed out|deadline exceeded|handshake|unreachable|no route to host|broken pipe|\bEOF\b|x509|certificate/i,
  ],
];

export async function failingFindings(one: Case): Promise<Finding[]> {
  const { failures } = one.figures;
  if (!failures || failures.groups.length === 0) return [];
  const groups = new Map<Cause, FailureGroup[]>();
  for (const group of failures.groups) {
    const cause = causeOf(group);
    groups.set(cause, [...(groups.get(cause) ?? []), group]);
  }
  const findings: Finding[] = [];
  for (const [cause, members] of groups) {
    // The host was made up so that nobody finds it.
    if (cause === 'path' && one.backup.configType === 'incorrect') continue;
    findings.push(await explained(one, cause, members));
  }
  return findings;
}

/** Status codes are numbers, which a pattern has no more: the log of the example has. */
export function causeOf({ pattern, example }: FailureGroup): Cause {
  const state = `${example.reason} exit code ${example.exitCode ?? '?'} ${example.message}`;
  // What users call their repositories says nothing: quay.io/quota-team.
  const text = `${pattern}\n${lastLines(example)}`.replaceAll(/\S*\/\S*/g, ' ');
  return SIGNS.find(([cause, sign]) => sign.test(cause === 'resources' ? state : text))?.[0] ?? 'other';
}

function lastLines({ log }: FailedPod): string {
  return (log ?? '').trimEnd().split('\n').slice(-5).join('\n');
}

async function explained(one: Case, cause: Cause, groups: readonly FailureGroup[]): Promise<Finding> {
  const seen = groups.slice(0, 3).map(({ pattern, count, example }) => {
    const what = example.log === null ? 'pods, whose logs could not be read, ended with' : 'logs end with';
    return `${count} of ${one.figures.failures!.read} ${what}: ${pattern} (for example ${example.namespace}/${example.pod})`;
  });
  const { sentence, advice, more } = EXPLANATIONS[cause](one);
  const found = (await more?.(groups[0]!.example)) ?? [];
  return { topic: 'Backup Jobs fail', cause: sentence, evidence: [...seen, ...found], advice };
}

interface Explanation {
  readonly sentence: string;
  readonly advice: string;
  /** Further evidence that only a look at the cluster gives. */
  readonly more?: (example: FailedPod) => Promise<string[]>;
}

const EXPLANATIONS: Readonly<Record<Cause, (one: Case) => Explanation>> = {
  credentials: (one) => ({
    sentence: `the registry ${hostOf(one)} does not accept the credentials, or they may not write to ${one.figures.config!.registryPath}`,
    advice:
      one.backup.registrySecret === null
        ? 'give a secret with credentials: --registry-secret NAME, with QUAY_USERNAME and QUAY_PASSWORD to make it from'
        : 'try them with podman login or oras login, and see that their user may push to repositories below the path; put others in with --replace-registry-secret true, and delete stale copies',
    more: (example) => secretEvidence(one, example),
  }),
  path: (one) => ({
    sentence: `the path of the registry is wrong: nobody finds ${one.figures.config!.registryPath}`,
    advice: `correct --registry-path; if the host is right, see that the DNS of the cluster knows it: kubectl run -it --rm dns --image=busybox -- nslookup ${nameOf(hostOf(one))}`,
  }),
  network: (one) => ({
    sentence: `the cluster does not get through to the registry ${hostOf(one)}`,
    advice:
      'look for network policies, proxies and certificates between the nodes and the registry; a registry with a certificate of its own needs --oras-extra-args --insecure',
  }),
  quota: (one) => ({
    sentence: `the registry ${hostOf(one)}, or a volume, has no more room`,
    advice: 'make room in the registry, or take another path; less data for each workspace: --payload-size',
  }),
  registry: (one) => ({
    sentence: `the registry ${hostOf(one)} answers with errors of its own`,
    advice:
      'look at the logs and the load of the registry; where it limits requests, take fewer backups at a time (--max-devworkspaces) or another path',
  }),
  resources: () => ({
    sentence: 'backup pods are ended by their nodes for lack of memory or disk',
    advice:
      'the operator gives them no resources of their own: fewer at a time (--max-devworkspaces), less data (--payload-size), or larger nodes',
  }),
  other: () => ({
    sentence: 'for a reason of their own',
    advice: 'read the logs of the failed pods in …_backup_jobs_failures.log',
  }),
};

/** Without its port. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, '');
}

function hostOf({ figures }: Case): string {
  return registryHost(figures.config!.registryPath);
}

/** The operator never overwrites a copy (devfile/devworkspace-operator, pkg/secrets/backup.go): one of before wins. */
async function secretEvidence({ figures, backup, look }: Case, { namespace }: FailedPod): Promise<string[]> {
  if (backup.registrySecret === null) return ['no secret is configured'];
  const place = `secret ${backup.registrySecret} in namespace ${figures.cluster.operatorNamespace}`;
  const source = await look.object(RESOURCES.secrets, figures.cluster.operatorNamespace, backup.registrySecret);
  if (typeof source !== 'object') return source === 'absent' ? [`there is no ${place}`] : [];
  const host = registryHost(backup.registryPath);
  const user = userOf(source, host);
  const seen = [user === null ? `${place} has no credentials for ${host}` : `${place} logs in as ${user}`];
  const copy = await look.object(RESOURCES.secrets, namespace, COPIED_SECRET);
  if (typeof copy === 'object' && !sameCredentials(copy, source)) {
    seen.push(
      `the copy ${COPIED_SECRET} in namespace ${namespace} holds other credentials, and the operator never replaces one: kubectl delete secret ${COPIED_SECRET} -n ${namespace}`,
    );
  }
  return seen;
}
