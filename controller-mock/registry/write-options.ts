import type { RequestContext } from '../api/cluster-access.ts';
import type { ObjectMeta } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { type ApiStatusError, badRequest } from '../api/status.ts';
import type { Decoding } from '../schema/go-decoding.ts';

/** What happens to fields that a kind does not know: the write is refused, the client is warned, or nothing. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** How an object is read, and with what error it is refused when Go could not read it. */
export interface Reading {
  decoding: Decoding;
  refuse(why: string): ApiStatusError;
}

/** How one write is to be done. */
export interface WriteOptions {
  /** Name in managedFields. */
  manager: string;
  fieldValidation: FieldValidation;
  /** A program of ours writes: status may come with a create, spec and status with one update. */
  trusted: boolean;
  context: RequestContext;
  /** managedFields that server-side apply has computed already. */
  managedFields?: ObjectMeta['managedFields'];
  /** How the object got here, unless it is the body of the request. */
  reading?: Reading;
}

/** The body of a request to create or replace an object. */
export const fromBody = (type: ResourceType): Reading => ({
  decoding: 'json',
  refuse: (why) => badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${why}`),
});
