/** All message tables, by the apiVersion whose kinds they hold. */
import { ADMISSIONREGISTRATION_V1 } from './admissionregistration-v1.ts';
import { APIEXTENSIONS_V1 } from './apiextensions-v1.ts';
import { APIREGISTRATION_V1 } from './apiregistration-v1.ts';
import { APPS_V1 } from './apps-v1.ts';
import { AUTHENTICATION_V1 } from './authentication-v1.ts';
import { AUTHORIZATION_V1 } from './authorization-v1.ts';
import { AUTOSCALING_V1 } from './autoscaling-v1.ts';
import { AUTOSCALING_V2 } from './autoscaling-v2.ts';
import { BATCH_V1 } from './batch-v1.ts';
import { CERTIFICATES_V1 } from './certificates-v1.ts';
import { COORDINATION_V1 } from './coordination-v1.ts';
import { CORE_V1 } from './core-v1.ts';
import { DISCOVERY_V1 } from './discovery-v1.ts';
import { EVENTS_V1 } from './events-v1.ts';
import { FLOWCONTROL_V1 } from './flowcontrol-v1.ts';
import { type Message, type MessageTable, messageOf, shareTable } from './message-table.ts';
import { META_V1 } from './meta-v1.ts';
import { METRICS_V1BETA1 } from './metrics-v1beta1.ts';
import { NETWORKING_V1 } from './networking-v1.ts';
import { NODE_V1 } from './node-v1.ts';
import { POLICY_V1 } from './policy-v1.ts';
import { RBAC_V1 } from './rbac-v1.ts';
import { SCHEDULING_V1 } from './scheduling-v1.ts';
import { STORAGE_V1 } from './storage-v1.ts';

shareTable('meta', META_V1);
shareTable('core', CORE_V1);

export const MESSAGE_TABLES: Readonly<Record<string, MessageTable>> = {
  v1: CORE_V1,
  'admissionregistration.k8s.io/v1': ADMISSIONREGISTRATION_V1,
  'apiextensions.k8s.io/v1': APIEXTENSIONS_V1,
  'apiregistration.k8s.io/v1': APIREGISTRATION_V1,
  'apps/v1': APPS_V1,
  'authentication.k8s.io/v1': AUTHENTICATION_V1,
  'authorization.k8s.io/v1': AUTHORIZATION_V1,
  'autoscaling/v1': AUTOSCALING_V1,
  'autoscaling/v2': AUTOSCALING_V2,
  'batch/v1': BATCH_V1,
  'certificates.k8s.io/v1': CERTIFICATES_V1,
  'coordination.k8s.io/v1': COORDINATION_V1,
  'discovery.k8s.io/v1': DISCOVERY_V1,
  'events.k8s.io/v1': EVENTS_V1,
  'flowcontrol.apiserver.k8s.io/v1': FLOWCONTROL_V1,
  'meta.k8s.io/v1': META_V1,
  'metrics.k8s.io/v1beta1': METRICS_V1BETA1,
  'networking.k8s.io/v1': NETWORKING_V1,
  'node.k8s.io/v1': NODE_V1,
  'policy/v1': POLICY_V1,
  'rbac.authorization.k8s.io/v1': RBAC_V1,
  'scheduling.k8s.io/v1': SCHEDULING_V1,
  'storage.k8s.io/v1': STORAGE_V1,
};

/** Kinds of meta/v1 that clients send under the apiVersion of any group. */
const EVERYWHERE = ['DeleteOptions'];

/**
 * @param kind an object kind, or DeleteOptions under any served apiVersion.
 * @returns undefined for a kind that is not built in.
 */
export function messageOfKind(apiVersion: string, kind: string): Message | undefined {
  if (EVERYWHERE.includes(kind)) return messageOf(META_V1, kind);
  const table = Object.hasOwn(MESSAGE_TABLES, apiVersion) ? MESSAGE_TABLES[apiVersion] : undefined;
  return table && messageOf(table, kind);
}
