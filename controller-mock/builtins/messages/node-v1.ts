import type { MessageTable } from './message-table.ts';

export const NODE_V1: MessageTable = {
  definitions: 'io.k8s.api.node.v1',
  messages: {
    Overhead: 'podFixed 1 {}Quantity',
    RuntimeClass: 'metadata 1 meta.ObjectMeta; handler 2 string !; overhead 3 *Overhead; scheduling 4 *Scheduling',
    Scheduling: 'nodeSelector 1 {}string atomic; tolerations 2 []core.Toleration',
  },
};
