/** Events of the cluster about pods of the run's namespaces, as `kubectl get events --watch` shows them. */
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { SINGLE_NAMESPACE } from './backup-options.ts';
import type { BackupSite } from './backup-site.ts';
import { ClusterWatch } from './cluster-watch.ts';

interface EventFields {
  type?: string;
  reason?: string;
  message?: string;
  involvedObject?: { name?: string };
}

export class ClusterEvents {
  readonly #watch: ClusterWatch;

  constructor(site: BackupSite, namespaces: ReadonlySet<string>) {
    const { options, emit } = site;
    this.#watch = new ClusterWatch(site, {
      resource: RESOURCES.events,
      selection: {
        fieldSelector: 'involvedObject.kind=Pod',
        ...(!options.separateNamespaces && { namespace: SINGLE_NAMESPACE }),
      },
      keep: withoutWords,
    });
    const isOurs = ({ metadata }: KubeObject) => namespaces.has(metadata.namespace ?? '');
    this.#watch.informer.onChange((after) => {
      if (!after || !isOurs(after)) return;
      const { type = '', reason = '', message = '', involvedObject } = after as KubeObject & EventFields;
      const { namespace = '' } = after.metadata;
      emit({ type: 'cluster.event', namespace, pod: involvedObject?.name ?? '', kind: type, reason, message });
    });
  }

  start(): void {
    this.#watch.informer.start();
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }
}

/** What is needed to tell of it, and then no more. */
function withoutWords(event: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = event;
  const { type, reason, message, involvedObject } = event as KubeObject & EventFields;
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type,
    reason,
    message,
    involvedObject,
  };
}
