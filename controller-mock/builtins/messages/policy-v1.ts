import type { MessageTable } from './message-table.ts';

export const POLICY_V1: MessageTable = {
  definitions: 'io.k8s.api.policy.v1',
  messages: {
    Eviction: 'metadata 1 meta.ObjectMeta; deleteOptions 2 *meta.DeleteOptions',
    PodDisruptionBudget: `
      metadata 1 meta.ObjectMeta; spec 2 PodDisruptionBudgetSpec; status 3 PodDisruptionBudgetStatus`,
    PodDisruptionBudgetSpec: `
      minAvailable 1 *IntOrString; selector 2 *meta.LabelSelector patch=replace; maxUnavailable 3 *IntOrString;
      unhealthyPodEvictionPolicy 4 *string`,
    PodDisruptionBudgetStatus: `
      observedGeneration 1 int64; disruptedPods 2 {}Time; disruptionsAllowed 3 int32 =; currentHealthy 4 int32 =;
      desiredHealthy 5 int32 =; expectedPods 6 int32 =; conditions 7 []meta.Condition map=type patch=merge:type`,
  },
};
