/**
 * Advertisements of the disk-encryption servers. They are made up: no server is asked
 * (assisted-installer-agent src/tang_connectivity_check/tang_connectivity_check.go).
 */
import { createHash } from 'node:crypto';
import { goJson } from '../../../model/protocol/go-json.ts';
import { objectArgument, type Step, StepArgumentError, textField } from './step.ts';

const STEP = 'tang connectivity check';

interface TangServer {
  url: string;
  thumbprint: string;
}

export const tangConnectivityCheck: Step<TangServer[]> = {
  parse(args) {
    const text = textField(STEP, objectArgument(STEP, args), 'tang_servers');
    let servers: unknown;
    try {
      servers = JSON.parse(text);
    } catch {
      servers = null;
    }
    if (!Array.isArray(servers)) throw new StepArgumentError(`${STEP}: tang_servers is no list in JSON`);
    return servers.map((server) => ({ url: String(server?.url ?? ''), thumbprint: String(server?.thumbprint ?? '') }));
  },
  pieces: (servers) => servers.length,
  run(servers) {
    const broken = servers.filter(({ url, thumbprint }) => !URL.canParse(url) || thumbprint === '');
    if (broken.length > 0) {
      const error = `${broken.length} of ${servers.length} servers have no valid address or thumbprint`;
      return { output: goJson({ tang_server_response: null }), error, exitCode: -1 };
    }
    const responses = servers.map(advertisement);
    return { output: goJson({ is_success: true, tang_server_response: responses.length > 0 ? responses : null }) };
  },
};

function advertisement({ url, thumbprint }: TangServer) {
  const key = (use: string) => ({
    alg: use === 'verify' ? 'ES512' : 'ECMR',
    crv: 'P-521',
    key_ops: [use],
    kty: 'EC',
    x: noise(`${thumbprint}${use}x`, 66),
    y: noise(`${thumbprint}${use}y`, 66),
  });
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    payload: base64({ keys: [key('verify'), key('deriveKey')] }),
    signatures: [{ protected: base64({ alg: 'ES512', cty: 'jwk-set+json' }), signature: noise(thumbprint, 132) }],
    tang_url: `${url}/adv/${thumbprint}`,
  };
}

/** So many reproducible bytes in base64url. */
function noise(seed: string, bytes: number): string {
  return createHash('shake256', { outputLength: bytes }).update(seed).digest('base64url');
}
