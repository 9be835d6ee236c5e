import type { ResourceType } from '../../api/resource-type.ts';
import { at, type Fields, fields, items } from '../fields.ts';

/** v1 writes the number of current replicas even when it is zero, v2 does not. */
function nonZero({ currentReplicas, ...status }: Readonly<Fields>): Fields {
  return currentReplicas ? { ...status, currentReplicas } : status;
}

/** autoscaling/v1 knows one metric, autoscaling/v2 a list; objects are stored as v2. */
export const HPA_V1: NonNullable<ResourceType['storedAs']> = {
  key: 'autoscaling/horizontalpodautoscalers',
  toStored(object) {
    const { targetCPUUtilizationPercentage: percent, ...spec } = fields(object, 'spec');
    const { currentCPUUtilizationPercentage: current, ...status } = fields(object, 'status');
    const cpu = (part: Fields) => [{ type: 'Resource', resource: { name: 'cpu', ...part } }];
    return {
      ...object,
      apiVersion: 'autoscaling/v2',
      spec: {
        ...spec,
        ...(percent !== undefined && {
          metrics: cpu({ target: { type: 'Utilization', averageUtilization: percent } }),
        }),
      },
      status: {
        ...nonZero(status),
        ...(current !== undefined && { currentMetrics: cpu({ current: { averageUtilization: current } }) }),
      },
    };
  },
  fromStored(stored) {
    const { metrics: _, behavior: __, ...spec } = fields(stored, 'spec');
    const { currentMetrics: ___, conditions: ____, ...status } = fields(stored, 'status');
    const cpu = (list: Fields[]) => list.find((entry) => at(entry, 'resource', 'name') === 'cpu');
    const percent = at(cpu(items(stored, 'spec', 'metrics')), 'resource', 'target', 'averageUtilization');
    const current = at(cpu(items(stored, 'status', 'currentMetrics')), 'resource', 'current', 'averageUtilization');
    return {
      ...stored,
      apiVersion: 'autoscaling/v1',
      spec: { ...spec, ...(percent !== undefined && { targetCPUUtilizationPercentage: percent }) },
      status: {
        currentReplicas: 0,
        desiredReplicas: 0,
        ...status,
        ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
      },
    };
  },
};
