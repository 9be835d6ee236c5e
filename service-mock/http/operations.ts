/**
 * Every operation of the service as data, by noun. Within a noun they are in the order of the published API, in which a refused method names
 * the others of its path. Operations that no room has a function for answer the documented error or 501. Upstream: assisted-service, swagger.yaml.
 */

import { CLUSTER_FILE_OPERATIONS } from './operations/cluster-files.ts';
import { CLUSTER_OPERATIONS } from './operations/clusters.ts';
import { EVENT_OPERATIONS } from './operations/events.ts';
import { HOST_OPERATIONS } from './operations/hosts.ts';
import { INFRA_ENV_OPERATIONS } from './operations/infra-envs.ts';
import type { Operation } from './operations/operation.ts';
import { OPERATOR_OPERATIONS } from './operations/operators.ts';
import { SERVICE_OPERATIONS } from './operations/service.ts';

export const OPERATIONS: readonly Operation[] = [
  ...CLUSTER_OPERATIONS,
  ...CLUSTER_FILE_OPERATIONS,
  ...INFRA_ENV_OPERATIONS,
  ...HOST_OPERATIONS,
  ...OPERATOR_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...SERVICE_OPERATIONS,
];
