import type { MessageTable } from './message-table.ts';

export const RBAC_V1: MessageTable = {
  definitions: 'io.k8s.api.rbac.v1',
  messages: {
    AggregationRule: 'clusterRoleSelectors 1 []meta.LabelSelector',
    ClusterRole: 'metadata 1 meta.ObjectMeta; rules 2 []PolicyRule; aggregationRule 3 *AggregationRule',
    ClusterRoleBinding: 'metadata 1 meta.ObjectMeta; subjects 2 []Subject; roleRef 3 RoleRef !',
    PolicyRule: `
      verbs 1 []string !; apiGroups 2 []string; resources 3 []string; resourceNames 4 []string;
      nonResourceURLs 5 []string`,
    Role: 'metadata 1 meta.ObjectMeta; rules 2 []PolicyRule',
    RoleBinding: 'metadata 1 meta.ObjectMeta; subjects 2 []Subject; roleRef 3 RoleRef !',
    RoleRef: '@atomic; apiGroup 1 string !; kind 2 string !; name 3 string !',
    Subject: '@atomic; kind 1 string !; apiGroup 2; name 3 string !; namespace 4',
  },
};
