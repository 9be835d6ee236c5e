/** What a service's base URL may be. */
export const SERVICE_URL_ALLOWED =
  'embedded, or an http or https URL without user, query, fragment and the path of the API, such as http://127.0.0.1:8090';

/**
 * The URL in its normal form without a slash at its end, or null when it is not one that a service can have. A user and a password
 * in it are refused: agents do not send them, and a URL stands in logs.
 */
export function serviceUrl(text: string): string | null {
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol)) return null;
  if (url.username || url.password || url.search || url.hash || /[?#]/.test(text)) return null;
  // Agents are told the base URL, and put the path of the API behind it.
  if (/\/api\/assisted-install(\/|$)/.test(url.pathname)) return null;
  return url.href.replace(/\/+$/, '');
}
