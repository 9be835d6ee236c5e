/** What the service supports. */

import type { Operation } from './operation.ts';
import { ARCHITECTURES, BOOLEAN, given, notSimulated, oneOf, PLATFORMS, required, STRING, USER } from './pieces.ts';

export const SERVICE_OPERATIONS: readonly Operation[] = [
  {
    id: 'V2ListManagedDomains',
    method: 'GET',
    template: '/v2/domains',
    security: USER,
    status: 200,
    answer: 'json',
    run: () => [],
  },
  {
    id: 'v2ListComponentVersions',
    method: 'GET',
    template: '/v2/component-versions',
    security: USER,
    status: 200,
    answer: 'json',
    run: (api) => api.componentVersions(),
  },
  {
    id: 'v2ListSupportedOpenshiftVersions',
    method: 'GET',
    template: '/v2/openshift-versions',
    security: USER,
    query: { version: STRING, only_latest: BOOLEAN },
    status: 200,
    answer: 'json',
    run: (api, { query }) =>
      api.openshiftVersions({
        ...(given({ version: query.version }) as Record<string, string>),
        only_latest: query.only_latest === true,
      }),
  },
  {
    id: 'v2ListReleaseSources',
    method: 'GET',
    template: '/v2/release-sources',
    security: USER,
    status: 200,
    answer: 'json',
    run: () => [],
  },
  {
    id: 'GetSupportedFeatures',
    method: 'GET',
    template: '/v2/support-levels/features',
    security: USER,
    query: {
      openshift_version: required(STRING),
      cpu_architecture: ARCHITECTURES,
      platform_type: PLATFORMS,
      external_platform_name: STRING,
    },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'GetDetailedSupportedFeatures',
    method: 'GET',
    template: '/v2/support-levels/features/detailed',
    security: USER,
    query: {
      openshift_version: required(STRING),
      cpu_architecture: oneOf('x86_64', 'arm64', 'ppc64le', 's390x', 'multi'),
      platform_type: PLATFORMS,
      external_platform_name: STRING,
    },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
  {
    id: 'GetSupportedArchitectures',
    method: 'GET',
    template: '/v2/support-levels/architectures',
    security: USER,
    query: { openshift_version: required(STRING) },
    status: 200,
    answer: 'empty',
    run: notSimulated,
  },
];
