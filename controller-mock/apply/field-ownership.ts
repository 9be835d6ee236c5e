import type { Schema } from '../api/schema.ts';
import type { ManagerKey } from './managed-fields.ts';

/** Who writes an object, and through what. */
export interface FieldOwnership {
  /** Name of the manager. */
  manager: string;
  /** apiVersion of the request. */
  apiVersion: string;
  /** '' for the main resource. */
  subresource: string;
  /** RFC 3339, seconds. */
  time: string;
  schema: Schema;
}

/** The manager of a write that is no apply. */
export const updateKey = ({ manager, apiVersion, subresource }: FieldOwnership): ManagerKey => ({
  manager: manager || 'unknown',
  operation: 'Update',
  apiVersion,
  subresource,
});
