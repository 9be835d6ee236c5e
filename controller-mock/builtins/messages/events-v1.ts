import type { MessageTable } from './message-table.ts';

export const EVENTS_V1: MessageTable = {
  definitions: 'io.k8s.api.events.v1',
  messages: {
    Event: `
      metadata 1 meta.ObjectMeta; eventTime 2 MicroTime !; series 3 *EventSeries; reportingController 4;
      reportingInstance 5; action 6; reason 7; regarding 8 core.ObjectReference; related 9 *core.ObjectReference;
      note 10; type 11; deprecatedSource 12 core.EventSource; deprecatedFirstTimestamp 13 Time;
      deprecatedLastTimestamp 14 Time; deprecatedCount 15 int32`,
    EventSeries: 'count 1 int32 !; lastObservedTime 2 MicroTime !',
  },
};
