import type { MessageTable } from './message-table.ts';

export const APIREGISTRATION_V1: MessageTable = {
  definitions: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
  messages: {
    APIService: 'metadata 1 meta.ObjectMeta; spec 2 APIServiceSpec; status 3 APIServiceStatus',
    APIServiceCondition: 'type 1 string =; status 2 string =; lastTransitionTime 3 Time; reason 4; message 5',
    APIServiceSpec: `
      service 1 *ServiceReference; group 2; version 3; insecureSkipTLSVerify 4 bool; caBundle 5 bytes;
      groupPriorityMinimum 7 int32 !; versionPriority 8 int32 !`,
    APIServiceStatus: 'conditions 1 []APIServiceCondition map=type patch=merge:type',
    ServiceReference: 'namespace 1; name 2; port 3 *int32',
  },
};
