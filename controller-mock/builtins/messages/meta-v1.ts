import type { MessageTable } from './message-table.ts';

export const META_V1: MessageTable = {
  definitions: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  messages: {
    Condition: `
      type 1 string =; status 2 string =; observedGeneration 3 int64; lastTransitionTime 4 Time; reason 5 string =;
      message 6 string =`,
    DeleteOptions: `
      gracePeriodSeconds 1 *int64; preconditions 2 *Preconditions; orphanDependents 3 *bool;
      propagationPolicy 4 *string; dryRun 5 []string; ignoreStoreReadErrorWithClusterBreakingPotential 6 *bool`,
    FieldSelectorRequirement: 'key 1 string !; operator 2 string !; values 3 []string',
    LabelSelector: '@atomic; matchLabels 1 {}string; matchExpressions 2 []LabelSelectorRequirement',
    LabelSelectorRequirement: 'key 1 string !; operator 2 string !; values 3 []string',
    ManagedFieldsEntry: `
      manager 1; operation 2; apiVersion 3; time 4 *Time; fieldsType 6; fieldsV1 7 *FieldsV1; subresource 8`,
    ObjectMeta: `
      name 1; generateName 2; namespace 3; selfLink 4; uid 5; resourceVersion 6; generation 7 int64;
      creationTimestamp 8 Time; deletionTimestamp 9 *Time; deletionGracePeriodSeconds 10 *int64; labels 11 {}string;
      annotations 12 {}string; ownerReferences 13 []OwnerReference map=uid patch=merge:uid;
      finalizers 14 []string set patch=merge; managedFields 17 []ManagedFieldsEntry`,
    OwnerReference: `
      @atomic; kind 1 string !; name 3 string !; uid 4 string !; apiVersion 5 string !; controller 6 *bool;
      blockOwnerDeletion 7 *bool`,
    Preconditions: 'uid 1 *string; resourceVersion 2 *string',
  },
};
