import { causeNotSupported } from '../../api/causes.ts';
import type { DeleteOptions } from '../../api/cluster-access.ts';
import { isPlainObject } from '../../api/json.ts';
import { badRequest, invalid } from '../../api/status.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { sentObjectOrNone } from './sent-object.ts';

/** How a deletion is to be done, by the body of the request before its query. @throws ApiStatusError 400, 415, 422 */
export function readDeleteOptions(request: ResourceRequest, body: Buffer): DeleteOptions {
  const { query } = request;
  request.readDryRun();
  const sent = (sentObjectOrNone(request, body, 'DeleteOptions') ?? {}) as DeleteOptions & { dryRun?: unknown };
  if (sent.dryRun !== undefined) request.readDryRun(sent.dryRun);
  const options: DeleteOptions = {};
  const policy = sent.propagationPolicy ?? query.get('propagationPolicy') ?? undefined;
  if (policy !== undefined) {
    if (policy !== 'Background' && policy !== 'Foreground' && policy !== 'Orphan') {
      throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
        causeNotSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan']),
      ]);
    }
    options.propagationPolicy = policy;
  }
  if (sent.orphanDependents === true || query.get('orphanDependents') === 'true') options.orphanDependents = true;
  const grace = sent.gracePeriodSeconds ?? query.get('gracePeriodSeconds');
  if (grace !== null && grace !== undefined) {
    const seconds = Number(grace);
    if (!Number.isInteger(seconds)) {
      throw badRequest(`gracePeriodSeconds must be an integer, given ${JSON.stringify(grace)}`);
    }
    options.gracePeriodSeconds = Math.min(Math.max(seconds, 0), 2 ** 31);
  }
  if (isPlainObject(sent.preconditions)) {
    const { uid, resourceVersion } = sent.preconditions;
    options.preconditions = {
      ...(typeof uid === 'string' && { uid }),
      ...(typeof resourceVersion === 'string' && { resourceVersion }),
    };
  }
  return options;
}
