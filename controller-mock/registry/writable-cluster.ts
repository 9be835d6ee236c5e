import type { Clock } from '../../model/time/clock.ts';
import type { Admission } from './admission/admission.ts';
import type { ObjectStorage } from './object-storage.ts';
import type { TypeRegistry } from './type-registry.ts';

/** What the rules of writing need of a cluster. All of them are synchronous: nobody comes between reading and storing. */
export interface WritableCluster {
  readonly clock: Clock;
  readonly registry: TypeRegistry;
  readonly objects: ObjectStorage;
  readonly admission: Admission | undefined;
}
