/**
 * The config that a booting host gets: what an agent reads in it (the unit that starts it, pull secret, certificates,
 * proxies, networks) is as the real service writes it; scripts are dummies of the same size.
 * Upstream: assisted-service, internal/ignition/discovery.go and templates/.
 */
import { readFileSync } from 'node:fs';
import type { InfraEnvRow } from '../core/rows.ts';
import { filler, mergeIgnition } from '../ignition/ignition.ts';
import type { JsonObject, ServiceSettings } from '../service-api.ts';
import type { ImageUrls } from './image-urls.ts';
import { networkFiles, proxyOf } from './static-network.ts';

/** Where hosts keep the certificates that they are given. Upstream: internal/common/common.go. */
const SERVICE_CA_PATH = '/etc/assisted-service/service-ca-cert.crt';
const TRUST_BUNDLE_PATH = '/etc/pki/ca-trust/source/anchors/assisted-infraenv-additional-trust-bundle.pem';

/**
 * Text of the config.
 * @param isoType of the image it is for, when that is not the infra-env's own
 * @throws Error when SERVICE_CA_CERT_PATH cannot be read
 */
export function discoveryIgnition(
  infraEnv: InfraEnvRow,
  { settings, urls }: { settings: ServiceSettings; urls: ImageUrls },
  isoType?: string,
): string {
  const config: JsonObject = {
    ignition: { version: '3.1.0', ...proxySection(infraEnv) },
    passwd: { users: users(infraEnv) },
    systemd: { units: units(infraEnv, settings, urls) },
    storage: { files: files(infraEnv, settings, isoType ?? infraEnv.type) },
  };
  const overrides = [infraEnv.internalIgnitionOverride, infraEnv.ignitionConfigOverride].filter((text) => text !== '');
  // The service's own text is a template's; one that was merged is an encoder's.
  if (overrides.length === 0) return JSON.stringify(config, null, 2);
  return JSON.stringify(overrides.reduce((merged, text) => mergeIgnition(merged, JSON.parse(text)), config));
}

function proxySection(infraEnv: InfraEnvRow): JsonObject {
  const { http, https, no } = proxyOf(infraEnv);
  if (http === '' && https === '') return {};
  return {
    proxy: {
      ...(http && { httpProxy: http }),
      ...(https && { httpsProxy: https }),
      ...(no && { noProxy: no.split(',') }),
    },
  };
}

function users({ sshAuthorizedKey }: InfraEnvRow): JsonObject[] {
  if (sshAuthorizedKey === '') return [];
  const keys = sshAuthorizedKey.split('\n').filter((line) => line.trim() !== '');
  return [{ groups: ['sudo'], name: 'core', passwordHash: '!', sshAuthorizedKeys: keys }];
}

/** systemd reads a percent sign as the start of a specifier. */
const unitText = (text: string) => text.replaceAll('%', '%%');

function agentUnit(infraEnv: InfraEnvRow, settings: ServiceSettings, urls: ImageUrls): string {
  const { AGENT_DOCKER_IMAGE: image, SERVICE_CA_CERT_PATH: ca } = settings;
  const { http, https, no } = proxyOf(infraEnv);
  const token = urls.token('infra_env_id', infraEnv.id);
  const environment = [
    ['HTTP_PROXY', unitText(http)],
    ['HTTPS_PROXY', unitText(https)],
    ['NO_PROXY', no],
  ].flatMap(([name, value]) => [`${name}=${value}`, `${name!.toLowerCase()}=${value}`]);
  const command = [
    '/usr/local/bin/agent',
    `--url ${settings.SERVICE_BASE_URL.trim()}`,
    `--infra-env-id ${infraEnv.id}`,
    `--agent-version ${image}`,
    `--insecure=${settings.SKIP_CERT_VERIFICATION}`,
    ca === '' ? '' : `--cacert ${SERVICE_CA_PATH}`,
  ];
  return [
    '[Service]',
    'Type=simple',
    'Restart=always',
    'RestartSec=3',
    'StartLimitInterval=0',
    ...environment.map((line) => `Environment=${line}`),
    ...(token === '' ? [] : [`Environment=PULL_SECRET_TOKEN=${token}`]),
    `TimeoutStartSec=${settings.AGENT_TIMEOUT_START / 1000}`,
    `ExecStartPre=/usr/local/bin/agent-fix-bz1964591 ${image}`,
    `ExecStartPre=/usr/local/bin/agent-pull-image ${image}`,
    `ExecStartPre=podman run --pull=never --privileged --rm -v /usr/local/bin:/hostbin ${image} cp /usr/bin/agent /hostbin`,
    `ExecStart=${command.join(' ')}`,
    '',
    '[Unit]',
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

function units(infraEnv: InfraEnvRow, settings: ServiceSettings, urls: ImageUrls): JsonObject[] {
  const dummy = (name: string, bytes: number): JsonObject => ({ name, enabled: true, contents: filler(name, bytes) });
  return [
    { name: 'agent.service', enabled: true, contents: agentUnit(infraEnv, settings, urls) },
    dummy('selinux.service', 245),
    { name: 'multipathd.service', enabled: true },
    dummy('iscsistart.service', 178),
    dummy('oci-eval-user-data.service', 355),
    ...(ntpOf(infraEnv) === '' ? [] : [dummy('add-ntp-sources.service', 552)]),
  ];
}

const ntpOf = ({ ntpSources, additionalNtpSources }: InfraEnvRow) => ntpSources || additionalNtpSources;

/** A file as the template has it: its text escaped for a URL. */
function escapedFile(path: string, text: string, mode = 0o644): JsonObject {
  return { overwrite: true, path, mode, user: { name: 'root' }, contents: { source: `data:,${escapePath(text)}` } };
}

function encodedFile(path: string, text: string, mode = 0o644, type = 'text/plain'): JsonObject {
  const source = `data:${type};base64,${Buffer.from(text).toString('base64')}`;
  return { overwrite: true, path, mode, user: { name: 'root' }, contents: { source } };
}

/** As Go's url.PathEscape. */
function escapePath(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%(?:24|26|2B|3A|3D|40)/g, (c) => decodeURIComponent(c));
}

const UTF8 = 'text/plain;charset=utf-8';

function files(infraEnv: InfraEnvRow, settings: ServiceSettings, isoType: string): JsonObject[] {
  const { http, https } = proxyOf(infraEnv);
  const caPath = settings.SERVICE_CA_CERT_PATH;
  const network = isoType === 'full-iso' ? networkFiles(infraEnv) : [];
  return [
    escapedFile('/usr/local/bin/agent-fix-bz1964591', filler('agent-fix', 640), 0o755),
    escapedFile('/usr/local/bin/agent-pull-image', filler('agent-pull', 340), 0o755),
    escapedFile('/etc/motd', filler('motd', 560)),
    encodedFile('/etc/multipath.conf', filler('multipath', 160), 0o644, UTF8),
    encodedFile('/usr/local/bin/oci-eval-user-data.sh', filler('oci', 910), 0o755, UTF8),
    escapedFile('/etc/NetworkManager/conf.d/01-ipv6.conf', '\n[connection]\nipv6.dhcp-iaid=mac\nipv6.dhcp-duid=ll\n'),
    escapedFile('/root/.docker/config.json', infraEnv.pullSecret),
    encodedFile('/root/assisted.te', filler('selinux', 386)),
    ...(caPath === '' ? [] : [encodedFile(SERVICE_CA_PATH, readFileSync(caPath, 'utf8'), 0o644, UTF8)]),
    ...(infraEnv.additionalTrustBundle === ''
      ? []
      : [encodedFile(TRUST_BUNDLE_PATH, infraEnv.additionalTrustBundle, 0o644, UTF8)]),
    ...network.map(({ path, text, mode }) => encodedFile(path, text, mode)),
    ...(http === '' && https === '' ? [] : [encodedFile('/etc/profile.d/proxy.sh', filler('proxy', 250), 644, UTF8)]),
    ...(ntpOf(infraEnv) === ''
      ? []
      : [encodedFile('/usr/local/bin/add-ntp-sources.sh', filler('ntp', 520), 0o755, UTF8)]),
  ];
}
