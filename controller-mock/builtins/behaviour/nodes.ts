/** Nodes. */
import type { KubeObject } from '../../api/object.ts';
import { at, ensure, type Fields, fields, fill, strings, text } from '../fields.ts';
import type { Behaviours } from './behaviour.ts';

/** The one network of old clients and the list say the same: kubernetes, pkg/apis/core/v1/conversion.go Convert_v1_NodeSpec_To_core_NodeSpec. */
function fillNetworks(node: KubeObject): void {
  const spec = fields(node, 'spec') as Fields;
  const one = text(spec, 'podCIDR');
  const [first] = strings(spec, 'podCIDRs');
  if (one !== '' && one !== first) spec.podCIDRs = [one];
  else if (first !== undefined) spec.podCIDR = first;
}

/** Kubelets no longer take their settings from the server, which takes none for them. */
function dropConfiguration(node: KubeObject): void {
  delete (fields(node, 'spec') as Fields).configSource;
  delete (fields(node, 'status') as Fields).config;
}

export const NODE_BEHAVIOUR: Behaviours = {
  'v1 Node': {
    keepsStatusAtCreation: true,
    setDefaults(node) {
      fillNetworks(node);
      const capacity = at(node, 'status', 'capacity');
      if (capacity !== undefined) fill(ensure(node, 'status'), { allocatable: capacity });
    },
    prepareCreate: dropConfiguration,
    prepareUpdate: dropConfiguration,
    selectableFields: { 'spec.unschedulable': (node) => String(at(node, 'spec', 'unschedulable') === true) },
  },
};
