import type { UserInfo } from '../../api/cluster-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import type { WriteOptions } from '../write-options.ts';

/** One write as admission webhooks see it: of a client, with its defaults, before it is checked. */
export interface AdmissionRequest {
  type: ResourceType;
  operation: 'CREATE' | 'UPDATE';
  /** May be changed in place. */
  object: KubeObject;
  /** undefined at creation; must not be changed. */
  old: KubeObject | undefined;
  /** '' for the object as a whole. */
  subresource: string;
  user: UserInfo;
}

/** What admission webhooks would do. @throws ApiStatusError to refuse the write */
export type Admission = (request: AdmissionRequest) => void;

/** Asks about the write of a client; programs of ours are not asked about. @throws ApiStatusError */
export function admit(
  admission: Admission | undefined,
  type: ResourceType,
  object: KubeObject,
  old: KubeObject | undefined,
  subresource: string,
  { trusted, context }: WriteOptions,
): void {
  if (trusted || !admission) return;
  admission({ type, operation: old ? 'UPDATE' : 'CREATE', object, old, subresource, user: context.user });
}
