/** Credentials of registries, as OpenShift takes them. */

export const PULL_SECRET_ALLOWED =
  'JSON of the form {"auths":{"<registry>":{"auth":"<base64 of user:password>"}}} with at least one registry';

/** Whether a text is what {@link PULL_SECRET_ALLOWED} says. */
export function isPullSecret(text: string): boolean {
  try {
    const { auths } = JSON.parse(text);
    const entries: unknown[] = typeof auths === 'object' && auths !== null ? Object.values(auths) : [];
    return (
      entries.length > 0 &&
      entries.every((entry) => {
        const auth = (entry as { auth?: unknown } | null)?.auth;
        return typeof auth === 'string' && Buffer.from(auth, 'base64').toString().includes(':');
      })
    );
  } catch {
    return false;
  }
}
