/** Operators, their bundles, and how those of a cluster are. */

import * as bodies from '../request-bodies.ts';
import type { Operation } from './operation.ts';
import { AGENT, ARCHITECTURES, cluster, notSimulated, PLATFORMS, STRING, USER } from './pieces.ts';

export const OPERATOR_OPERATIONS: readonly Operation[] = [
  {
    id: 'V2ListOperatorProperties',
    method: 'GET',
    template: '/v2/supported-operators/{operator_name}',
    security: USER,
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'V2ListSupportedOperators',
    method: 'GET',
    template: '/v2/supported-operators',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api) => api.supportedOperators(),
  },
  {
    id: 'V2ListBundles',
    method: 'GET',
    template: '/v2/operators/bundles',
    security: USER,
    query: {
      openshift_version: STRING,
      cpu_architecture: ARCHITECTURES,
      platform_type: PLATFORMS,
      external_platform_name: STRING,
      feature_ids: { type: 'list', enum: ['SNO'] },
    },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'V2GetBundle',
    method: 'GET',
    template: '/v2/operators/bundles/{id}',
    security: USER,
    query: { feature_ids: { type: 'list', enum: ['SNO'] } },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'V2ListOfClusterOperators',
    method: 'GET',
    template: '/v2/clusters/{cluster_id}/monitored-operators',
    security: AGENT,
    query: { operator_name: STRING },
    status: 200,
    answer: 'json',
    run: (api, call) => api.listMonitoredOperators(cluster(call), call.query.operator_name as string | undefined),
  },
  {
    id: 'v2ReportMonitoredOperatorStatus',
    method: 'PUT',
    template: '/v2/clusters/{cluster_id}/monitored-operators',
    security: AGENT,
    body: { name: 'reportParams', schema: bodies.OPERATOR_REPORT },
    status: 200,
    answer: 'empty',
    run: (api, call) => api.reportMonitoredOperator(cluster(call), call.body),
  },
];
