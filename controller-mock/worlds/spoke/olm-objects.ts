/** Objects of the Operator Lifecycle Manager. */
import type { KubeObject } from '../../api/object.ts';
import type { OlmOperatorSettings, SpokeSettings } from './spoke-settings.ts';

/** Names and objects of one operator of OLM. */
export function olmObjects(
  { name, namespace, subscription = name }: OlmOperatorSettings,
  version: SpokeSettings['version'],
) {
  const release = version.split('-')[0]!;
  const csvName = `${name}.v${release}`;
  const group = 'operators.coreos.com/v1alpha1';
  return {
    namespace,
    subscriptionName: subscription,
    csvName,
    subscription: (now: string): KubeObject => ({
      apiVersion: group,
      kind: 'Subscription',
      metadata: { namespace, name: subscription },
      spec: { name, source: 'redhat-operators', sourceNamespace: 'openshift-marketplace', channel: 'stable' },
      status: { lastUpdated: now },
    }),
    csv: (): KubeObject => ({
      apiVersion: group,
      kind: 'ClusterServiceVersion',
      metadata: { namespace, name: csvName },
      spec: { displayName: name, version: release, install: { strategy: 'deployment' } },
      status: {},
    }),
    installPlan: (owner: KubeObject, phase: 'Installing' | 'Complete' | 'Failed'): KubeObject => ({
      apiVersion: group,
      kind: 'InstallPlan',
      metadata: {
        namespace,
        generateName: 'install-',
        ownerReferences: [
          {
            apiVersion: group,
            kind: 'Subscription',
            name: subscription,
            uid: owner.metadata.uid ?? '',
            controller: false,
            blockOwnerDeletion: false,
          },
        ],
      },
      spec: { approval: 'Automatic', approved: true, clusterServiceVersionNames: [csvName] },
      status: {
        phase,
        catalogSources: [],
        ...(phase === 'Failed' && { message: 'the bundle was not unpacked in time' }),
      },
    }),
    job: (outcome: 'complete' | 'failed', now: string) => unpackJob(name, outcome, now),
  };
}

export type OlmObjects = ReturnType<typeof olmObjects>;

/** The Job that unpacks the bundle of an operator. */
function unpackJob(name: string, outcome: 'complete' | 'failed', now: string): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'openshift-marketplace', generateName: `${name.slice(0, 40)}-unpack-` },
    spec: {
      backoffLimit: 3,
      template: {
        metadata: {},
        spec: { restartPolicy: 'Never', containers: [{ name: 'extract', image: 'quay.io/openshift/opm:latest' }] },
      },
    },
    status:
      outcome === 'complete'
        ? {
            succeeded: 1,
            startTime: now,
            completionTime: now,
            conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: now }],
          }
        : {
            failed: 1,
            startTime: now,
            conditions: [
              {
                type: 'Failed',
                status: 'True',
                reason: 'DeadlineExceeded',
                message: 'Job was active longer than specified deadline',
                lastTransitionTime: now,
              },
            ],
          },
  };
}
