/** Why workspaces did not come as far as their backups: not created, not ready, not stopped. What was said of each is in the figures. */
import type { BackupFigures, WorkspaceFigures } from './backup-figures.ts';
import type { Finding } from './finding.ts';
import { countBy } from './spread.ts';

const MOST = 3;

/** The first that fits counts. Messages: kubernetes, plugin/pkg/admission/resourcequota; devfile/devworkspace-operator, pkg/library/status/check.go. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/exceeded quota/i, 'raise the quota, or take fewer workspaces: kubectl get resourcequota,clusterresourcequota -A'],
  [
    /denied the request/i,
    'a policy of the cluster refuses them: kubectl get validatingwebhookconfiguration,mutatingwebhookconfiguration,validatingadmissionpolicy',
  ],
  [
    /webhook/i,
    "the webhooks' server of the operator does not answer: kubectl get pods -A -l app.kubernetes.io/name=devworkspace-webhook-server",
  ],
  [/Unauthorized|credentials/i, 'renew the credentials of the kubeconfig, and take such as last as long as the load'],
  [/forbidden|cannot \w+ resource/i, 'ask for the right that is named, or choose another context'],
  [
    /too many requests/i,
    'the API server is overloaded: fewer at a time (--max-vus), or more time (--test-duration-minutes)',
  ],
  [
    /ImagePull|ErrImage|pull QPS|image/i,
    'see that nodes reach the registry of the image, and that pulls are not throttled (config.workspace.imagePullPolicy: IfNotPresent)',
  ],
  [
    /FailedMount|persistentvolumeclaim|\bPVC\b|volume/i,
    'look at the storage class: kubectl get pvc -A; kubectl get storageclass',
  ],
  [
    /FailedScheduling|insufficient|nodes are available/i,
    'fewer workspaces (--max-devworkspaces), or more nodes: kubectl top nodes',
  ],
  [
    /etcdserver|internal error|unavailable|timed? ?out|connect|socket|ECONN/i,
    'look at the API server and at etcd; more time: --test-duration-minutes',
  ],
];

/** Of any load, by its figures alone. */
export function loadFindings(figures: BackupFigures): Finding[] {
  const { workspaces, stop, jobs } = figures;
  const of = (is: (one: WorkspaceFigures) => boolean) => workspaces.filter(is);
  // Without a Job this is why, and told as that.
  const isToldAsMissing = jobs?.total === 0 && stop?.stopped === 0;
  return [
    ...finding(
      'Workspaces were not created',
      figures,
      of(({ start }) => start === 'not-made'),
    ),
    ...finding(
      'Workspaces did not become ready',
      figures,
      of(({ start }) => start === 'failed' || start === 'timed-out'),
    ),
    ...(stop && !isToldAsMissing
      ? finding(
          'Workspaces did not stop',
          figures,
          of(({ start, outcome }) => start === 'ready' && outcome === 'not-stopped'),
        )
      : []),
  ];
}

function finding(topic: Finding['topic'], { load }: BackupFigures, concerned: readonly WorkspaceFigures[]): Finding[] {
  if (concerned.length === 0) return [];
  const reasons = Object.entries(countBy(concerned, reasonOf)).sort(([, a], [, b]) => b - a);
  const [main = ''] = reasons[0]!;
  const advice = ADVICE.find(([sign]) => sign.test(main))?.[1];
  return [
    {
      topic,
      cause: `${concerned.length} of ${load.planned}: ${main}`,
      evidence: reasons.slice(0, MOST).map(([reason, count]) => {
        const { namespace, name } = concerned.find((one) => reasonOf(one) === reason)!;
        return `${count} of them: ${reason} (for example ${namespace}/${name})`;
      }),
      advice: advice ?? 'kubectl get dw -A -l load-test=test-type shows them; make one by hand, and see what keeps it',
    },
  ];
}

/** Names are taken out, so that what happened many times is one reason. */
function reasonOf({ namespace, name, phase, message, start, uid }: WorkspaceFigures): string {
  const said = [...new Set([name, namespace, uid])]
    .filter((one) => one !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((text, one) => text.replaceAll(one, '…'), message);
  const state = phase === '' ? (start === 'not-made' ? '' : 'the operator has not seen it') : phase;
  return [state, said || (start === 'not-made' ? 'there was no time for it' : '')]
    .filter((part) => part !== '')
    .join(': ');
}
