/** A metric as Prometheus knows it. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** A sentence. */
  readonly help: string;
}
