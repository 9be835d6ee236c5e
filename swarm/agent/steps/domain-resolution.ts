/** What the machine's DNS says of names (assisted-installer-agent src/domain_resolution/domain_resolution.go). */
import { goJson } from '../../../model/protocol/go-json.ts';
import { addressOfName } from '../../host/names.ts';
import type { ClusterPlan } from '../../plan/expanded-plan.ts';
import { objectArgument, objectList, type Step, textField } from './step.ts';

const STEP = 'domain resolution';

export const domainResolution: Step<string[]> = {
  parse: (args) =>
    objectList(STEP, objectArgument(STEP, args).domains, 'domains').map((domain) =>
      textField(STEP, domain, 'domain_name'),
    ),
  pieces: (names) => names.length,
  run: (names, { cluster }) => ({
    output: goJson({ resolutions: names.map((name) => resolve(name, cluster)) }),
  }),
};

function resolve(name: string, cluster: ClusterPlan) {
  const bare = name.replace(/\.$/, '');
  const address = addressOfName(bare, cluster);
  return {
    cnames: address === null ? null : [`${bare}.`],
    domain_name: name,
    ipv4_addresses: address === null ? [] : [address],
    ipv6_addresses: [],
  };
}
