import { describe, expect, it } from 'vitest';
import { BackupPod } from './backup-pod.ts';

const podOf = (status: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name: 'backup-x-y', uid: 'u' },
  status,
});

describe('a pod of a backup', () => {
  it('tells of the container that backs up, whatever stands beside it', () => {
    const proxy = { name: 'istio-proxy', state: { terminated: { exitCode: 0, startedAt: '2026-01-01T00:00:00Z' } } };
    const backup = {
      name: 'backup-workspace',
      state: { terminated: { exitCode: 137, reason: 'OOMKilled', startedAt: '2026-01-01T00:00:07Z' } },
    };
    const object = podOf({ phase: 'Failed', containerStatuses: [proxy, backup] });
    const pod = new BackupPod(object, 0);
    expect(pod.follow(object)).toBe(true);
    expect(pod).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
      containerStartedAt: Date.UTC(2026, 0, 1, 0, 0, 7),
    });
  });
});
