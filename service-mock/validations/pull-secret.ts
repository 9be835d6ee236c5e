/** What a pull secret must open. Upstream: assisted-service, internal/cluster/validations/pull_secret_validation.go. */
import { OperationError } from '../service-api.ts';
import { registryOf } from '../versions/versions.ts';

/**
 * @param images everything that the pull secret must open.
 * @param open registries that need no credentials.
 * @param words before what is wrong.
 * @throws OperationError 400 that says what is wrong.
 */
export function checkPullSecret(text: string, images: readonly string[], open: readonly string[], words = ''): void {
  const problem = pullSecretProblem(text, images, open);
  if (problem) throw new OperationError(400, words ? `${words}: ${problem}` : problem);
}

function pullSecretProblem(text: string, images: readonly string[], open: readonly string[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'pull secret must be a well-formed JSON';
  }
  const auths = (value as { auths?: unknown } | null)?.auths;
  if (typeof auths !== 'object' || auths === null || Object.keys(auths).length === 0)
    return "pull secret must contain 'auths' JSON-object field";
  for (const [registry, entry] of Object.entries(auths)) {
    const auth = (entry as { auth?: unknown } | null)?.auth;
    // Entries without one count as if they were not there.
    if (auth === undefined) continue;
    if (typeof auth !== 'string')
      return `invalid pull secret: 'auth' field of ${JSON.stringify(registry)} is ${auth} but should be a string`;
    if (!isBase64(auth))
      return `invalid pull secret: 'auth' field of ${JSON.stringify(registry)} is not base64-encoded`;
    const parts = Buffer.from(auth, 'base64').toString().split(':');
    if (parts.length !== 2 || parts[0] === '' || parts[1] === '')
      return `invalid pull secret: 'auth' for ${registry} is not in 'user:password' format`;
  }
  const knows = (registry: string) =>
    (auths as Record<string, { auth?: unknown } | null>)[registry]?.auth !== undefined;
  for (const image of images) {
    const registry = registryOf(image);
    if (
      !knows(registry) &&
      !open.includes(registry) &&
      !(registry === 'docker.io' && knows('https://index.docker.io/v1/'))
    ) {
      return `pull secret must contain auth for ${JSON.stringify(registry)}`;
    }
  }
  return undefined;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
