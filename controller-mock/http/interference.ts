/** What may happen to a request before it is served, as by whatever stands before an API server. */
import type { ApiStatusError } from '../api/status.ts';
import type { Verb } from './verb.ts';

/** A request to a resource as it is known before its body has arrived. */
export interface ResourceAttributes {
  verb: Verb;
  group: string;
  /** Plural. */
  resource: string;
  /** '' for the object itself. */
  subresource: string;
  namespace: string;
  name: string;
}

/** Something that happens to a request before it is served. */
export interface Interference {
  /** It is answered with this. */
  refuse?: ApiStatusError;
  /** Its connection breaks in place of an answer. */
  cut?: true;
  /** It is served so much later, in milliseconds of the cluster's clock. */
  delayMs?: number;
}

/** Asked about each request to a resource. */
export type Interceptor = (request: ResourceAttributes) => Interference | undefined;
