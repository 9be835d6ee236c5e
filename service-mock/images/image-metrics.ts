/** Metrics of the image service. Names, labels and buckets: openshift/assisted-image-service, main.go; slok/go-http-metrics. */
import { Gauge, Histogram, Registry } from 'prom-client';

const PREFIX = 'assisted_image_service_http_';
const DURATION_BUCKETS = [0.1, 1, 10, 50, 100, 300, 600];
const SIZE_BUCKETS = [100, 1e6, 5e8, 1e9, 1e10];

export class ImageMetrics {
  readonly registry = new Registry();
  readonly #duration = new Histogram({
    name: `${PREFIX}request_duration_seconds`,
    help: 'The latency of the HTTP requests.',
    labelNames: ['service', 'handler', 'method', 'code'] as const,
    buckets: DURATION_BUCKETS,
    registers: [this.registry],
  });
  readonly #size = new Histogram({
    name: `${PREFIX}response_size_bytes`,
    help: 'The size of the HTTP responses.',
    labelNames: ['service', 'handler', 'method', 'code'] as const,
    buckets: SIZE_BUCKETS,
    registers: [this.registry],
  });
  readonly #inflight = new Gauge({
    name: `${PREFIX}requests_inflight`,
    help: 'The number of inflight requests being handled at the same time.',
    labelNames: ['service', 'handler'] as const,
    registers: [this.registry],
  });

  begin(handler: string): void {
    this.#inflight.inc({ service: '', handler });
  }

  /** @param seconds wall-clock */
  end(handler: string, method: string, status: number, seconds: number, bytes: number): void {
    const labels = { service: '', handler, method, code: String(status) };
    this.#inflight.dec({ service: '', handler });
    this.#duration.observe(labels, seconds);
    this.#size.observe(labels, bytes);
  }
}
