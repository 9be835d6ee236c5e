/** Hides what must not be shown, written down or logged. */

const REDACTED = '(redacted)';

/** A URL without user name and password: `https://(redacted)@service.example.com/base`. Other text as it is. */
export function redactUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#\\]*@/i, `$1${REDACTED}@`);
}
