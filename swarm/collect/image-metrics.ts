/** What assisted-image-service tells. Names: openshift/assisted-image-service, main.go; slok/go-http-metrics, metrics/prometheus. */
import { codeClass, keep, type MetricRule } from './metric-rules.ts';

const PREFIX = 'assisted_image_service_http_';

export const IMAGE_RULES: readonly MetricRule[] = [
  {
    metric: `${PREFIX}request_duration_seconds`,
    figure: 'image_request_duration',
    kind: 'histogram',
    scale: 1000,
    labels: keep('handler'),
  },
  {
    metric: `${PREFIX}request_duration_seconds_count`,
    figure: 'image_requests',
    kind: 'counter',
    labels: ({ code }) => ({ code: codeClass(code) }),
  },
  { metric: `${PREFIX}requests_inflight`, figure: 'image_requests_inflight', kind: 'gauge' },
  { metric: `${PREFIX}response_size_bytes_sum`, figure: 'image_bytes', kind: 'counter' },
];
