import type { MessageTable } from './message-table.ts';

export const METRICS_V1BETA1: MessageTable = {
  definitions: 'io.k8s.metrics.pkg.apis.metrics.v1beta1',
  messages: {
    ContainerMetrics: 'name 1 string !; usage 2 {}Quantity !',
    NodeMetrics: 'metadata 1 meta.ObjectMeta; timestamp 2 Time !; window 3 Duration !; usage 4 {}Quantity !',
    PodMetrics: `
      metadata 1 meta.ObjectMeta; timestamp 2 Time !; window 3 Duration !; containers 4 []ContainerMetrics ! plain`,
  },
};
