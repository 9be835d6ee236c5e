/** Nobody answers on the virtual addresses yet (assisted-installer-agent src/vips_verifier/vips_verifier.go). */
import { goJson } from '../../../model/protocol/go-json.ts';
import { jsonArgument, objectList, type Step } from './step.ts';

const STEP = 'vip verifier';

export const verifyVips: Step<Record<string, unknown>[]> = {
  parse: (args) => objectList(STEP, jsonArgument(STEP, args), 'the argument'),
  pieces: (vips) => vips.length,
  run(vips) {
    const verified = vips.map(({ vip, vip_type }) => ({
      verification: 'succeeded',
      ...(vip ? { vip: String(vip) } : {}),
      ...(vip_type ? { vip_type: String(vip_type) } : {}),
    }));
    return { output: verified.length === 0 ? 'null' : goJson(verified) };
  },
};
