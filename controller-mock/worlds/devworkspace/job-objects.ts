/** Jobs, their pods, and what is said of both: kubernetes, pkg/controller/job; of backups the operator's controller. */

import type { KubeObject } from '../../api/object.ts';
import { items, text } from '../../builtins/fields.ts';
import type { BackupConfig } from './config.ts';
import type { JobPod } from './job-stages.ts';
import { BACKUP_IMAGE } from './restores.ts';
import { sourcesOf, storageType } from './template.ts';
import type { VersionProfile } from './versions.ts';
import { nodeOf } from './workspace-pod-status.ts';
import { controllerOf, LABELS } from './world-objects.ts';

export const runnerName = (id: string) => `devworkspace-job-runner-${id}`;

export interface BackupJobFacts {
  readonly workspace: KubeObject;
  readonly id: string;
  readonly claim: string;
  readonly secret: string | undefined;
  readonly config: BackupConfig;
  readonly version: VersionProfile;
}

/** devfile/devworkspace-operator, controllers/backupcronjob/backupcronjob_controller.go, createBackupJob */
export function backupJob({ workspace, id, claim, secret, config, version }: BackupJobFacts): KubeObject {
  const { namespace = '', name = '' } = workspace.metadata;
  const value = (key: string, content: string) => ({ name: key, value: content });
  // Of a claim of its own the path begins with a second slash.
  const path = storageType(workspace) === 'per-workspace' ? `/${sourcesOf(workspace, id)}` : sourcesOf(workspace, id);
  const { podSettings } = version;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      namespace,
      generateName: 'devworkspace-backup-',
      labels: { [LABELS.id]: id, [LABELS.name]: name, [LABELS.backupJob]: 'true' },
      ownerReferences: [controllerOf(workspace)],
    },
    spec: {
      ttlSecondsAfterFinished: 120,
      ...(config.backoffLimit !== undefined && { backoffLimit: config.backoffLimit }),
      template: {
        metadata: { annotations: { 'io.kubernetes.cri-o.Devices': '/dev/fuse' } },
        spec: {
          serviceAccountName: runnerName(id),
          restartPolicy: 'Never',
          ...(podSettings && config.podSecurityContext ? { securityContext: config.podSecurityContext } : {}),
          containers: [
            {
              name: 'backup-workspace',
              image: BACKUP_IMAGE,
              imagePullPolicy: (podSettings && config.imagePullPolicy) || 'Always',
              args: ['/workspace-recovery.sh', '--backup'],
              env: [
                value('DEVWORKSPACE_NAME', name),
                value('DEVWORKSPACE_NAMESPACE', namespace),
                value('WORKSPACE_ID', id),
                value('BACKUP_SOURCE_PATH', `/workspace/${path}`),
                value('DEVWORKSPACE_BACKUP_REGISTRY', config.registryPath ?? ''),
                value('ORAS_EXTRA_ARGS', config.orasArgs),
                ...(secret ? [value('REGISTRY_AUTH_FILE', '/tmp/.docker/.dockerconfigjson')] : []),
              ],
              volumeMounts: [
                { name: 'workspace-data', mountPath: '/workspace' },
                { name: 'build-storage', mountPath: '/var/lib/containers' },
                ...(secret ? [{ name: 'registry-auth-secret', mountPath: '/tmp/.docker', readOnly: true }] : []),
              ],
              securityContext: { allowPrivilegeEscalation: false },
            },
          ],
          volumes: [
            { name: 'workspace-data', persistentVolumeClaim: { claimName: claim } },
            { name: 'build-storage', emptyDir: {} },
            ...(secret ? [{ name: 'registry-auth-secret', secret: { secretName: secret } }] : []),
          ],
        },
      },
    },
  };
}

/** As the Job's controller makes it: labels of the template, which has those of the Job's selector. */
export function jobPod(owner: KubeObject): KubeObject {
  const { template } = owner.spec as { template: { metadata?: Record<string, unknown>; spec: object } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: owner.metadata.namespace ?? '',
      generateName: `${owner.metadata.name}-`,
      labels: {
        ...(template.metadata?.labels as Record<string, string>),
        'batch.kubernetes.io/controller-uid': owner.metadata.uid ?? '',
        'batch.kubernetes.io/job-name': owner.metadata.name ?? '',
        'controller-uid': owner.metadata.uid ?? '',
        'job-name': owner.metadata.name ?? '',
      },
      ...(template.metadata?.annotations
        ? { annotations: { ...(template.metadata.annotations as Record<string, string>) } }
        : {}),
      ownerReferences: [controllerOf(owner)],
    },
    spec: structuredClone(template.spec),
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  };
}

const PHASES = {
  pending: 'Pending',
  pulling: 'Pending',
  working: 'Running',
  sending: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
} as const;

/** @param now RFC 3339; @param waiting why a container that is not there yet waits; '' for the usual */
export function jobPodStatus(live: KubeObject, pod: JobPod, now: string, waiting: string) {
  const before = (live.status ?? {}) as Record<string, unknown>;
  const [container] = items(live, 'spec', 'containers');
  const phase = PHASES[pod.state];
  const running = phase === 'Running';
  const startTime = text(before, 'startTime') || now;
  const startedAt = text(items(before, 'containerStatuses')[0], 'state', 'running', 'startedAt') || now;
  const ended = phase === 'Succeeded' || phase === 'Failed';
  const exitCode = phase === 'Succeeded' ? 0 : 1;
  const state = ended
    ? { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt: now } }
    : running
      ? { running: { startedAt: now } }
      : { waiting: { reason: waiting || 'ContainerCreating' } };
  const condition = (type: string, on: boolean, reason = '') => ({
    type,
    status: on ? 'True' : 'False',
    lastProbeTime: null,
    lastTransitionTime: now,
    ...(reason && { reason }),
  });
  const readyReason = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : '';
  return {
    ...(!text(live, 'spec', 'nodeName') && {
      spec: { ...(live.spec as object), nodeName: nodeOf(live.metadata.name ?? '') },
    }),
    status: {
      ...before,
      phase,
      startTime,
      hostIP: '192.0.2.31',
      conditions: [
        condition('PodScheduled', true),
        condition('Initialized', true, phase === 'Succeeded' ? 'PodCompleted' : ''),
        condition('ContainersReady', running, readyReason),
        condition('Ready', running, readyReason),
      ],
      containerStatuses: [
        {
          name: text(container, 'name'),
          image: text(container, 'image'),
          imageID: '',
          ready: running,
          started: running,
          restartCount: 0,
          state,
        },
      ],
    },
  };
}

/** enactJobFinished; a Job that failed has no completionTime. Conditions as of Kubernetes 1.31. */
export function finishedStatus(
  live: KubeObject,
  { outcome, failures, now }: { outcome: 'Complete' | 'Failed'; failures: number; now: string },
): Record<string, unknown> {
  const { active: _active, ...before } = (live.status ?? {}) as Record<string, unknown>;
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    lastProbeTime: now,
    lastTransitionTime: now,
    reason,
    message,
  });
  const [first, reason, message] =
    outcome === 'Complete'
      ? ['SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods']
      : ['FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'];
  return {
    ...before,
    ready: 0,
    terminating: 0,
    ...(failures > 0 && { failed: failures }),
    ...(outcome === 'Complete' && { succeeded: 1, completionTime: now }),
    conditions: [condition(first, reason, message), condition(outcome, reason, message)],
  };
}
