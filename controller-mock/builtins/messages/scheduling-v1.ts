import type { MessageTable } from './message-table.ts';

export const SCHEDULING_V1: MessageTable = {
  definitions: 'io.k8s.api.scheduling.v1',
  messages: {
    PriorityClass: `
      metadata 1 meta.ObjectMeta; value 2 int32 !; globalDefault 3 bool; description 4; preemptionPolicy 5 *string`,
  },
};
