/**
 * A day-2 host fetches its ignition from the cluster. No machine-config-server exists, so no request is sent: the answer holds
 * what the agent would have kept of the ignition of such a cluster
 * (assisted-installer-agent src/apivip_check/apivip_check.go).
 */
import { goJson } from '../../../model/protocol/go-json.ts';
import { workerIgnition } from '../../host/worker-ignition.ts';
import { objectArgument, type Step, textField } from './step.ts';

export const apiVipConnectivityCheck: Step<string> = {
  parse: (args) => textField('api vip connectivity check', objectArgument('api vip connectivity check', args), 'url'),
  run: (url, { cluster: { name, baseDomain, apiVip } }) => {
    const ignition = workerIgnition({ domain: `${name}.${baseDomain}`, apiVip });
    return { output: goJson({ ignition: goJson(ignition), is_success: true, url }) };
  },
};
