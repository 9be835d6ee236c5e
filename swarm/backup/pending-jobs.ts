/** Why backup Jobs do not begin: their pods wait, or there are none. */
import type { PendingGroup } from './backup-figures.ts';
import type { Case, Finding } from './finding.ts';

const TOPIC = 'Backup Jobs are stuck in Pending';
type Cause = 'volume' | 'image' | 'resources' | 'scheduling' | 'start';

/** The first that fits counts. Messages: kubernetes, pkg/scheduler/framework/plugins, pkg/kubelet/images, pkg/controller/volume. */
const SIGNS: readonly (readonly [Cause, RegExp])[] = [
  ['volume', /Multi-Attach|volume|persistentvolumeclaim|FailedMount|FailedAttachVolume/i],
  ['image', /ErrImagePull|ImagePullBackOff|InvalidImageName|pull QPS|Failed to pull|Pulling image/i],
  ['resources', /insufficient|too many pods|exceeded quota/i],
  ['scheduling', /Unschedulable|FailedScheduling|taint|affinity|selector|nodes are available/i],
];

export async function pendingFindings(one: Case): Promise<Finding[]> {
  const groups = new Map<Cause, { group: PendingGroup; event: string | undefined }[]>();
  for (const group of (one.figures.pendingPods ?? []).slice(0, 10)) {
    const event = await lastEvent(one, group);
    const cause = causeOf(`${group.reason} ${group.message}`) ?? causeOf(event ?? '') ?? 'start';
    groups.set(cause, [...(groups.get(cause) ?? []), { group, event }]);
  }
  const findings = [...groups].map(([cause, members]): Finding => {
    const evidence = members
      .slice(0, 3)
      .flatMap(({ group, event }) => [
        `${group.count === 1 ? '1 pod waits' : `${group.count} pods wait`}: ${[group.reason, group.message].filter((part) => part !== '').join(', ')} (for example ${group.example})`,
        ...(event === undefined ? [] : [event]),
      ]);
    return { topic: TOPIC, ...EXPLANATIONS[cause](one), evidence };
  });
  return [...findings, ...(await withoutPods(one))];
}

function causeOf(text: string): Cause | undefined {
  return SIGNS.find(([, sign]) => sign.test(text))?.[0];
}

/** The last warning about the pod that stands for a group; without one the pull that goes on. What went well is no reason to wait. */
async function lastEvent({ look }: Case, { example }: PendingGroup): Promise<string | undefined> {
  const [namespace = '', name = ''] = example.split('/');
  const events = await look.events(namespace, 'Pod', name);
  const about = (reason: string) => events.findLast(({ text }) => text.startsWith(`${reason}: `));
  const pulling = about('Pulled') ? undefined : about('Pulling');
  return (events.findLast(({ isWarning }) => isWarning) ?? pulling)?.text;
}

/** Jobs whose pods are refused before there are any: by a quota, by an admission plug-in. */
async function withoutPods({ figures, look }: Case): Promise<Finding[]> {
  const count = figures.jobs!.jobsByPods['0'] ?? 0;
  if (count === 0 || figures.jobs!.unfinished === 0) return [];
  const example = figures.workspaces.find(({ outcome, pods }) => outcome === 'unfinished' && pods === 0);
  if (!example) return [];
  const events = await look.events(example.namespace, 'Job');
  const refusal = events.findLast(({ text }) => text.startsWith('FailedCreate'));
  if (refusal === undefined) return [];
  return [
    {
      topic: TOPIC,
      cause: 'pods of backup Jobs are refused before they exist',
      evidence: [`${count} Jobs have no pod, for example in namespace ${example.namespace}`, refusal.text],
      advice: 'raise the quota, or change the policy, that refuses them: kubectl get resourcequota -A',
    },
  ];
}

const EXPLANATIONS: Readonly<Record<Cause, (one: Case) => Pick<Finding, 'cause' | 'advice'>>> = {
  volume: ({ figures }) => ({
    cause:
      'they wait for the volume of their workspace, which one node at a time can have: with common storage all workspaces of a namespace share it',
    advice: `give each workspace its own (--storage-type per-workspace, --separate-namespaces true), or storage that many nodes can have (ReadWriteMany); kubectl get pvc,volumeattachment -A${figures.cluster.openshift ? '' : ', and see that the storage class makes volumes'}`,
  }),
  image: () => ({
    cause: 'the image of the backup is pulled late, or not at all',
    advice:
      "see that nodes reach the registry of RELATED_IMAGE_project_backup (the operator's Deployment), and that pulls are not throttled; with operator 0.43 or later set config.workspace.imagePullPolicy to IfNotPresent",
  }),
  resources: () => ({
    cause: 'the cluster has no resources left for them',
    advice:
      'fewer workspaces at a time (--max-devworkspaces), or more nodes: kubectl top nodes; kubectl describe nodes',
  }),
  scheduling: () => ({
    cause: 'no node takes them',
    advice:
      'look for taints, selectors and cordoned nodes: kubectl get nodes; kubectl describe pod shows what the scheduler says',
  }),
  start: () => ({
    cause: 'their containers do not come up',
    advice: 'kubectl describe pod shows what the node says; look at the kubelet of the node they are on',
  }),
};
