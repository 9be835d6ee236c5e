import type { MessageTable } from './message-table.ts';

export const DISCOVERY_V1: MessageTable = {
  definitions: 'io.k8s.api.discovery.v1',
  messages: {
    Endpoint: `
      addresses 1 []string ! set; conditions 2 EndpointConditions; hostname 3 *string;
      targetRef 4 *core.ObjectReference; deprecatedTopology 5 {}string; nodeName 6 *string; zone 7 *string;
      hints 8 *EndpointHints`,
    EndpointConditions: 'ready 1 *bool; serving 2 *bool; terminating 3 *bool',
    EndpointHints: 'forZones 1 []ForZone',
    EndpointPort: '@atomic; name 1 *string; protocol 2 *string; port 3 *int32; appProtocol 4 *string',
    EndpointSlice: `
      metadata 1 meta.ObjectMeta; endpoints 2 []Endpoint !; ports 3 []EndpointPort; addressType 4 string !`,
    ForZone: 'name 1 string !',
  },
};
