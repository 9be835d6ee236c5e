/**
 * Proxies of this program's environment, which requests to a service go through as those of programs of Go do (net/http
 * ProxyFromEnvironment; golang.org/x/net/http/httpproxy FromEnvironment): HTTP_PROXY for http, HTTPS_PROXY for https, not to
 * what NO_PROXY names and never to this machine; of a name in capitals and in small letters the former counts.
 */
import type { ProxySettings } from '../plan/connections.ts';
import { hostPort, ProxyRules } from '../transport/proxy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const KINDS = { http: 'HTTP_PROXY', https: 'HTTPS_PROXY', no: 'NO_PROXY' } as const;

/** What can be used of them, for a transport's options: `proxy` is absent where there is none. */
export function environmentProxy(env: Environment = process.env): { proxy?: ProxySettings } {
  const { settings } = read(env);
  return settings.http === undefined && settings.https === undefined ? {} : { proxy: settings };
}

/** Whom a run or a launch speaks to. */
export interface Addressees {
  /** Base URL of the service; null where InfraEnvs name it. */
  service: string | null;
  /** Address of a hub of the user's own; null without one. */
  hub: string | null;
  /** Hosts run the stock programs. */
  noop: boolean;
}

/** What a person has to know of them before requests are made. */
export function proxyNotices({ service, hub, noop }: Addressees, env: Environment = process.env): string[] {
  const { settings, unusable } = read(env);
  const notices = unusable.map(
    (variable) => `${variable} names a proxy that is neither http nor https, and is not used; give one of these`,
  );
  const given = (['http', 'https'] as const).filter((kind) => settings[kind] !== undefined);
  if (given.length === 0) return notices;
  const names = given.map((kind) => KINDS[kind]).join(' and ');
  const proxy = service === null ? null : new ProxyRules(settings).of(new URL(service).origin);
  if (proxy || service === null) {
    const way = proxy ? `the proxy ${hostPort(proxy)}` : 'the proxies';
    notices.push(
      `requests to the service go through ${way} of the environment (${names}), whose limits are measured with the service's; name the service in NO_PROXY to reach it directly`,
    );
    if (noop) notices.push(`no-op hosts do not use ${names}: their programs reach the service directly`);
  }
  if (hub !== null) notices.push(`${names}: not used for the hub ${hub}, which is asked directly`);
  return notices;
}

function read(env: Environment): { settings: ProxySettings; unusable: string[] } {
  const settings: ProxySettings = {};
  const unusable: string[] = [];
  for (const [kind, variable] of Object.entries(KINDS) as [keyof ProxySettings, string][]) {
    const value = env[variable] || env[variable.toLowerCase()];
    if (!value) continue;
    if (kind !== 'no' && !isUsable({ [kind]: value })) unusable.push(variable);
    else settings[kind] = value;
  }
  return { settings, unusable };
}

function isUsable(settings: ProxySettings): boolean {
  try {
    new ProxyRules(settings);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
