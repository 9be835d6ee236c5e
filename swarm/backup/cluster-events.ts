/** Events of the cluster about pods of the run's namespaces, as `kubectl get events --watch` shows them. */
import { Informer } from '../../model/kube/informer.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { SINGLE_NAMESPACE } from './backup-options.ts';
import type { BackupSite } from './backup-site.ts';

interface EventFields {
  type?: string;
  reason?: string;
  message?: string;
  involvedObject?: { name?: string };
}

export class ClusterEvents {
  readonly #informer: Informer;

  constructor(site: BackupSite, namespaces: ReadonlySet<string>) {
    const { requests, clock, options, emit } = site;
    this.#informer = new Informer({
      client: requests.client,
      clock,
      resource: RESOURCES.events,
      selection: {
        fieldSelector: 'involvedObject.kind=Pod',
        ...(!options.separateNamespaces && { namespace: SINGLE_NAMESPACE }),
      },
      keep: withoutWords,
      onError: (error) => emit({ type: 'warning', message: `events cannot be watched: ${error.message}` }),
    });
    const isOurs = ({ metadata }: KubeObject) => namespaces.has(metadata.namespace ?? '');
    this.#informer.onChange((after) => {
      if (!after || !isOurs(after)) return;
      const { type = '', reason = '', message = '', involvedObject } = after as KubeObject & EventFields;
      const { namespace = '' } = after.metadata;
      emit({ type: 'cluster.event', namespace, pod: involvedObject?.name ?? '', kind: type, reason, message });
    });
  }

  start(): void {
    this.#informer.start();
  }

  stop(): Promise<void> {
    return this.#informer.stop();
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
