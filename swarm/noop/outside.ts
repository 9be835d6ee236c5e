/** Whether stock programs may work for a service that is not on this machine: it tells them what to execute here. */
import { redactUrl } from '../plan/redact.ts';
import { isLoopback } from './addresses.ts';

/** On the command line: it is meant. */
export const OUTSIDE_OPTION = '--noop-outside';

/** Whether a URL leads to another machine, or to this one by an address that others have for it. @throws TypeError for what is no URL */
export function isOutside(url: string): boolean {
  return !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''));
}

/** @param what for example `the service` @param url its address, which may hold a password */
export function outsideRefusal(what: string, url: string): string {
  return (
    `no-op agents for ${what} ${redactUrl(url)}, which is not a loopback address: stock programs execute on this machine what their service ` +
    `tells them to, in namespaces (what these hold back, and what not, is in docs/noop.md); give ${OUTSIDE_OPTION} if that is meant, or use native agents`
  );
}
