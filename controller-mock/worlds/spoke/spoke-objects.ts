import type { GroupResource, KubeObject } from '../../api/object.ts';
import { TolerantObjects } from '../tolerant-objects.ts';

/** How a spoke writes its objects. */
export class SpokeObjects extends TolerantObjects {
  /** undefined when it cannot be made. */
  create(resource: GroupResource, object: KubeObject): KubeObject | undefined {
    return this.attempt(() => this.cluster.create(resource, object));
  }

  /** @param subresource through which it is written; '' for the object itself */
  modify(
    resource: GroupResource,
    namespace: string,
    name: string,
    change: (draft: KubeObject) => void,
    subresource = '',
  ): void {
    const options = subresource === '' ? {} : { subresource };
    this.attempt(() => this.cluster.modify(resource, namespace, name, change, options));
  }
}
