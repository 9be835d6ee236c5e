/**
 * Health endpoints: kubernetes/apiserver, pkg/server/healthz/healthz.go InstallPathHandler. A process that answers
 * is healthy.
 */
export type HealthEndpoint = 'healthz' | 'livez' | 'readyz';

const CHECKS = [
  'ping',
  'log',
  'etcd',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
];
const READY_CHECKS = [...CHECKS, 'informer-sync', 'shutdown'];

/**
 * @param path below the endpoint, for a single check.
 * @returns the text of a 200; undefined for an unknown check.
 */
export function health(
  endpoint: HealthEndpoint,
  path: readonly string[],
  verbose: boolean,
  excluded: readonly string[],
): string | undefined {
  const checks = endpoint === 'readyz' ? READY_CHECKS : CHECKS;
  if (path.length > 0) return checks.includes(path.join('/')) ? 'ok' : undefined;
  if (!verbose) return 'ok';
  const lines = checks.map((check) => `[+]${check} ${excluded.includes(check) ? 'excluded: ok' : 'ok'}`);
  return `${lines.join('\n')}\n${endpoint} check passed\n`;
}
