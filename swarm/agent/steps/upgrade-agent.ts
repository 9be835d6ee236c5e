/** Pulls another agent image; a success ends the runner (assisted-installer-agent src/upgrade_agent/upgrade_agent.go). */
import { goJson } from '../../../model/protocol/go-json.ts';
import { objectArgument, type Step } from './step.ts';

export const upgradeAgent: Step<string> = {
  parse: (args) => String(objectArgument('upgrade agent', args).agent_image ?? ''),
  whileBusy: (image) => ({ output: goJson(image ? { agent_image: image } : {}) }),
  run: (image) => ({
    output: goJson({ ...(image ? { agent_image: image } : {}), result: image ? 'success' : 'failure' }),
  }),
};
