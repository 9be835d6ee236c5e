/**
 * What the operator's webhooks do to writes of clients: devfile/devworkspace-operator, webhook/workspace. The one that changes
 * workspaces notes who made them, and keeps the note; both refuse all while their server is down.
 */

import { ApiStatusError, forbidden } from '../../api/status.ts';
import { at } from '../../builtins/fields.ts';
import type { Admission } from '../../registry/admission/admission.ts';
import { LABELS } from './world-objects.ts';

const WEBHOOK = 'mutate.devworkspace-controller.svc';
const OBJECTS_WEBHOOK = 'mutate-ws-resources.devworkspace-controller.svc';

/** Kinds whose objects are looked at when they have the label of a workspace (mutating_cfg.go). */
const LABELLED = new Set(['pods', 'services', 'deployments.apps', 'ingresses.networking.k8s.io', 'jobs.batch']);

/** What a quota may be about. */
export type QuotaKind = 'devworkspaces' | 'jobs' | 'pods';

/** What a quota says that is exceeded: kubernetes, pkg/quota/v1, staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go. */
export function quotaRefusal(resource: string): string {
  return `exceeded quota: team-quota, requested: count/${resource}=1, used: count/${resource}=20, limited: count/${resource}=20`;
}

/**
 * @param answers whether the webhooks' server does; @param namespace that it is in
 * @param hasRoom whether a quota leaves room for another workspace
 */
export function workspaceAdmission(answers: () => boolean, namespace: string, hasRoom: () => boolean): Admission {
  return ({ type, operation, object, old, subresource, user }) => {
    if (subresource !== '') return;
    const resource = type.group === '' ? type.plural : `${type.plural}.${type.group}`;
    const isWorkspace = resource === 'devworkspaces.workspace.devfile.io';
    const isRouting = resource === 'devworkspaceroutings.controller.devfile.io';
    const isLabelled = LABELLED.has(resource) && object.metadata.labels?.[LABELS.id] !== undefined;
    if (!isWorkspace && !isRouting && !isLabelled) return;
    if (!answers()) throw unanswered(isLabelled ? OBJECTS_WEBHOOK : WEBHOOK, namespace);
    if (!isWorkspace) return;
    const { metadata } = object;
    if (operation === 'CREATE') {
      if (!hasRoom()) throw forbidden(type, metadata.name ?? '', quotaRefusal('devworkspaces.workspace.devfile.io'));
      metadata.labels = { ...metadata.labels, [LABELS.creator]: user.uid };
      return;
    }
    const id = at(old, 'status', 'devworkspaceId');
    if (id && at(object, 'status', 'devworkspaceId') !== id)
      throw denied('DevWorkspace ID cannot be changed once it is set');
    const creator = old?.metadata.labels?.[LABELS.creator];
    if (creator === undefined) {
      throw denied(`label '${LABELS.creator}' is missing. Please recreate devworkspace to get it initialized`);
    }
    const given = metadata.labels?.[LABELS.creator];
    if (given === undefined) metadata.labels = { ...metadata.labels, [LABELS.creator]: creator };
    else if (given !== creator) {
      throw denied(`label '${LABELS.creator}' is assigned once devworkspace is created and is immutable`);
    }
  };
}

function denied(why: string): ApiStatusError {
  return new ApiStatusError(403, 'Forbidden', `admission webhook "${WEBHOOK}" denied the request: ${why}`);
}

/** As the API server answers when a webhook with failure policy Fail cannot be called. */
function unanswered(webhook: string, namespace: string): ApiStatusError {
  const url = `https://devworkspace-webhookserver.${namespace}.svc:443/mutate?timeout=10s`;
  const why = `failed calling webhook "${webhook}": failed to call webhook: Post "${url}": no endpoints available for service "devworkspace-webhookserver"`;
  return new ApiStatusError(500, 'InternalError', `Internal error occurred: ${why}`, { causes: [] });
}
