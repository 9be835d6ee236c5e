/**
 * What a booting host learns from the discovery ignition of its infra-env: which agent it starts, and how that reaches the service.
 *
 *   systemd unit agent.service ── ExecStart ──> --url --infra-env-id --agent-version --insecure --cacert --interval
 *                              └─ Environment ─> PULL_SECRET_TOKEN, HTTP_PROXY, HTTPS_PROXY, NO_PROXY
 *   files ── the CA named by --cacert, trust anchors
 *
 * Sources: openshift/assisted-service internal/ignition/discovery.go FormatDiscoveryIgnitionFile, templates/agent.service and
 * templates/discovery.ign; openshift/assisted-installer-agent src/config/agent_config.go ProcessArgs.
 */

import { UUID } from '../../model/text/uuid.ts';
import type { ProxySettings } from '../plan/connections.ts';
import { redactUrl } from '../plan/redact.ts';
import { ProxyRules } from '../transport/proxy.ts';
import { TransportError, type WireRequest } from '../transport/transport.ts';
import { errorDetail } from './error-detail.ts';
import { goHeaders } from './go-openapi.ts';
import { IgnitionConfig, IgnitionError } from './ignition-config.ts';
import { RETRY_POLICIES } from './retry.ts';
import { roundTrip } from './round-trip.ts';
import type { Runtime } from './runtime.ts';
import { unitEnvironment, unitSettings, unitWords } from './systemd-unit.ts';

/** How the agents of an infra-env are started. */
export interface AgentSetup {
  /** Scheme, host, port and path prefix of the service, without a slash at its end. */
  baseUrl: string;
  infraEnvId: string;
  /** Image of the agent; '' when the unit names none. */
  agentVersion: string;
  /** X-Secret-Key; '' for a service without authentication. */
  token: string;
  /** Whether the service's certificate is not verified. */
  insecure: boolean;
  /** PEM of what the machine trusts beside its system's roots, or null. */
  ca: string | null;
  /** Proxies in the agent's environment; null when there is none. `no` is a list with commas. */
  proxy: ProxySettings | null;
  /** Seconds that the agent waits after a failed registration, when the unit says so; the pace of polls is always the service's. */
  registrationRetrySeconds: number | null;
}

/** Trust anchors of the machine: its own service runs update-ca-trust over them before the agent starts. */
const ANCHORS = '/etc/pki/ca-trust/source/anchors/';
const UNIT = 'agent.service';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * What the discovery ignition in `text` tells the agent. What a unit or file beyond those above says is not looked at.
 * @throws IgnitionError that says what is missing or wrong.
 */
export function parseDiscoveryIgnition(text: string): AgentSetup {
  const config = new IgnitionConfig(text);
  // The unit is there but disabled where something else starts the agent, such as ironic's (discovery.go EnableAgentService).
  const unit = config.unit(UNIT);
  if (unit === undefined) throw new IgnitionError(`has no systemd unit ${UNIT}, which starts the agent`);
  const command = unitSettings(unit, 'Service', 'ExecStart').at(-1);
  if (command === undefined) throw new IgnitionError(`has a systemd unit ${UNIT} without ExecStart`);
  const flags = agentFlags(unitWords(command).slice(1));
  const environment = unitEnvironment(unit);
  return {
    baseUrl: baseUrlOf(flags.url),
    infraEnvId: infraEnvIdOf(flags['infra-env-id']),
    agentVersion: flags['agent-version'] ?? '',
    token: environment.get('PULL_SECRET_TOKEN') ?? '',
    insecure: booleanOf(flags.insecure),
    ca: trustOf(config, flags.cacert ?? ''),
    proxy: proxyOf(environment),
    registrationRetrySeconds: secondsOf(flags.interval),
  };
}

const FLAGS = ['url', 'infra-env-id', 'agent-version', 'insecure', 'cacert', 'interval'] as const;
type Flags = Partial<Record<(typeof FLAGS)[number], string>>;

/** Flags of the agent that take no value of their own (its ProcessArgs, RegisterLoggingArgs and RegisterDryRunArgs). */
const BOOLEAN_FLAGS: ReadonlySet<string> = new Set([
  'insecure',
  'help',
  'with-journal-logging',
  'with-text-logging',
  'with-stdout-logging',
  'dry-run',
]);

/** Arguments as Go's flag package reads them: one or two dashes, `=` or a word of its own, the last one counts. */
function agentFlags(words: readonly string[]): Flags {
  const flags: Flags = {};
  for (let at = 0; at < words.length; at++) {
    const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(words[at]!);
    if (!match) break;
    const name = match[1]!;
    const value = match[2] ?? (BOOLEAN_FLAGS.has(name) ? 'true' : (words[++at] ?? ''));
    if ((FLAGS as readonly string[]).includes(name)) flags[name as (typeof FLAGS)[number]] = value;
  }
  return flags;
}

function baseUrlOf(text: string | undefined): string {
  if (!text) throw new IgnitionError(`starts the agent without --url in ${UNIT}`);
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new IgnitionError(
      `starts the agent with --url ${JSON.stringify(text)} in ${UNIT}, which is not a valid HTTP(S) URL`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

function infraEnvIdOf(text: string | undefined): string {
  if (!text) throw new IgnitionError(`starts the agent without --infra-env-id in ${UNIT}`);
  if (UUID.test(text)) return text;
  throw new IgnitionError(
    `starts the agent with --infra-env-id ${JSON.stringify(text)} in ${UNIT}, which is not a UUID`,
  );
}

/** As Go's strconv.ParseBool. */
function booleanOf(text: string | undefined): boolean {
  if (text === undefined || /^(0|f|F|false|False|FALSE)$/.test(text)) return false;
  if (/^(1|t|T|true|True|TRUE)$/.test(text)) return true;
  throw new IgnitionError(`starts the agent with --insecure=${text} in ${UNIT}; write true or false`);
}

function secondsOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new IgnitionError(`starts the agent with --interval ${JSON.stringify(text)} in ${UNIT}; write whole seconds`);
}

/** Certificates of the machine's anchors and of the file that --cacert names. */
function trustOf(config: IgnitionConfig, path: string): string | null {
  const certificates = config
    .filesBelow(ANCHORS)
    .flatMap((anchor) => config.file(anchor)!.toString().match(CERTIFICATE) ?? []);
  if (path !== '') {
    const content = config.file(path);
    if (!content) throw new IgnitionError(`starts the agent with --cacert ${path}, a file that it does not write`);
    const found = content.toString().match(CERTIFICATE);
    if (!found) throw new IgnitionError(`writes ${path}, the agent's --cacert, without a PEM certificate`);
    certificates.push(...found);
  }
  return certificates.length > 0 ? `${[...new Set(certificates)].join('\n')}\n` : null;
}

/** As Go's http.ProxyFromEnvironment reads them: names in capitals first, empty ones do not count. */
function proxyOf(environment: ReadonlyMap<string, string>): AgentSetup['proxy'] {
  const value = (name: string) => environment.get(name.toUpperCase()) || environment.get(name) || undefined;
  const http = value('http_proxy');
  const https = value('https_proxy');
  const no = value('no_proxy');
  if (!http && !https) return null;
  const proxy = { ...(http && { http }), ...(https && { https }), ...(no && { no }) };
  try {
    new ProxyRules(proxy);
  } catch (error) {
    throw new IgnitionError(`starts the agent behind a proxy that hosts cannot use here: ${(error as Error).message}`);
  }
  return proxy;
}

export interface IgnitionDownload {
  /** Its transport says which certificates are trusted. */
  runtime: Pick<Runtime, 'clock' | 'transport' | 'telemetry' | 'wallOf'>;
  /** See SessionOptions.machine. */
  machine: number;
  /** Wall-clock milliseconds until a download with its retries is given up; default 60,000. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Downloads a discovery ignition and reads it. The URL is used as it stands: its query holds the token that the service signed it
 * with (`api_key` or `image_token`). Each try is recorded as operation `infra-env-files`; retries are those of a user's client.
 * @throws IgnitionError when it is not there, not in time, or not an ignition with an agent; the signal's reason when aborted.
 *   Messages show the URL without its token.
 */
export async function fetchDiscoveryIgnition(url: string, download: IgnitionDownload): Promise<AgentSetup> {
  const shown = redactUrl(url);
  const parsed = URL.parse(url);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new IgnitionError(`The discovery ignition's address ${JSON.stringify(shown)} is not a valid HTTP(S) URL`);
  }
  try {
    return parseDiscoveryIgnition(await ignitionText(parsed, download));
  } catch (error) {
    if (!(error instanceof IgnitionError)) throw error;
    throw new IgnitionError(`The discovery ignition at ${shown} ${error.message}`, { cause: error.cause ?? error });
  }
}

async function ignitionText(url: URL, download: IgnitionDownload): Promise<string> {
  const { runtime, machine, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = download;
  const tripper = { runtime, client: 'user', policy: RETRY_POLICIES.user, random: Math.random } as const;
  const session = runtime.transport.openSession({ baseUrl: url.origin, client: 'user', machine });
  const timeout = AbortSignal.timeout(timeoutMs);
  const request: WireRequest = {
    method: 'GET',
    path: url.pathname + url.search,
    headers: goHeaders({ accept: '*/*' }),
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  };
  const outcome = await roundTrip(tripper, session, 'infra-env-files', request, runtime.clock.now()).finally(() =>
    session.end(),
  );
  signal?.throwIfAborted();
  if (timeout.aborted && outcome instanceof TransportError) {
    throw new IgnitionError(`did not come within ${timeoutMs / 1000} s`, { cause: outcome });
  }
  if (outcome instanceof TransportError) {
    throw new IgnitionError(`could not be downloaded: ${outcome.message}`, { cause: outcome });
  }
  if (outcome.status !== 200) {
    const detail = errorDetail(outcome.body);
    throw new IgnitionError(`could not be downloaded: the server answered ${outcome.status}${detail && `: ${detail}`}`);
  }
  return outcome.body.toString();
}
