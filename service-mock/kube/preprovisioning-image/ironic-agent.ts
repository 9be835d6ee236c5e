/**
 * The Bare Metal Operator's agent, which an image carries besides ours in the converged flow. Release images are not looked
 * into: without a name for the agent's image from the hub it is the default one.
 * Upstream: assisted-service, preprovisioningimage_controller.go, bmo_utils.go and internal/ignition/ironic.go;
 * image-customization-controller, pkg/ignition/service_config.go.
 */
import { isIP } from 'node:net';
import { unlessNotFound } from '../../../model/kube/kube-error.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { InfraEnvRow } from '../../core/rows.ts';
import { dataUrl } from '../../ignition/ignition.ts';
import { proxyOf } from '../../infra-env/static-network.ts';
import type { KubeContext } from '../context.ts';
import { wrapped } from '../errors.ts';
import type { InfraEnv, Secret } from '../objects.ts';

/** Where the hub keeps what its image customization controller works with. */
const CONFIG_SECRET = { namespace: 'openshift-machine-api', name: 'metal3-image-customization-config' };
const PROVISIONING = 'provisioning-configuration';
/** On an InfraEnv: which agent's image to take. */
const IMAGE_OVERRIDE = 'infraenv.agent-install.openshift.io/ironic-agent-image-override';
const IRONIC_PORT = '6385';
const INSPECTOR_PORT = '5050';
const INSPECTOR_PATH = '/v1/continue';

interface IronicConfig {
  /** Comma-separated. */
  baseUrl: string;
  inspectorUrl: string;
  image: string;
}

/** The config to lay over the discovery ignition. @throws Error when the hub does not say where Ironic is */
export async function ironicIgnition(context: KubeContext, infraEnv: InfraEnv, row: InfraEnvRow): Promise<string> {
  const config = await ironicConfig(context, infraEnv, row);
  const { http, https, no } = proxyOf(row);
  const vlans = row.staticNetworkConfig === '' ? 'all' : '';
  const agentConfig = [
    '',
    '[DEFAULT]',
    `api_url = ${serviceUrls(config.baseUrl, IRONIC_PORT, '')}`,
    `inspection_callback_url = ${serviceUrls(config.inspectorUrl, INSPECTOR_PORT, INSPECTOR_PATH)}`,
    'insecure = True',
    `enable_vlan_interfaces = ${vlans}`,
    '',
  ].join('\n');
  const unit = [
    '[Unit]',
    'Description=Ironic Agent',
    'After=network-online.target',
    'Wants=network-online.target',
    '[Service]',
    `Environment="HTTP_PROXY=${http}"`,
    `Environment="HTTPS_PROXY=${https}"`,
    `Environment="NO_PROXY=${no}"`,
    'TimeoutStartSec=0',
    'Restart=on-failure',
    'RestartSec=5',
    'StartLimitIntervalSec=0',
    `ExecStartPre=/bin/podman pull ${config.image} --tls-verify=false`,
    `ExecStart=/bin/podman run --rm --privileged --network host --name ironic-agent ${config.image}`,
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
  return JSON.stringify({
    ignition: { version: '3.2.0' },
    storage: {
      files: [{ path: '/etc/ironic-python-agent.conf', mode: 0o644, contents: { source: dataUrl(agentConfig) } }],
    },
    systemd: { units: [{ name: 'ironic-agent.service', enabled: true, contents: unit }] },
  });
}

async function ironicConfig(context: KubeContext, infraEnv: InfraEnv, row: InfraEnvRow): Promise<IronicConfig> {
  const { client, settings } = context;
  const { namespace, name } = CONFIG_SECRET;
  const secret = (await unlessNotFound(client.get(RESOURCES.secrets, namespace, name))) as Secret | undefined;
  const text = (key: string) => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
  const fallback = row.cpuArchitecture === 'arm64' ? settings.IRONIC_AGENT_IMAGE_ARM : settings.IRONIC_AGENT_IMAGE;
  const override = infraEnv.metadata.annotations?.[IMAGE_OVERRIDE];
  const told = secret?.data?.IRONIC_BASE_URL !== undefined && secret.data.IRONIC_AGENT_IMAGE !== undefined;
  if (told) {
    const inspectorUrl = text('IRONIC_INSPECTOR_BASE_URL');
    return {
      baseUrl: text('IRONIC_BASE_URL'),
      inspectorUrl,
      image: override || text('IRONIC_AGENT_IMAGE') || fallback,
    };
  }
  const url = await provisioningUrl(context);
  return { baseUrl: url, inspectorUrl: url, image: override || fallback };
}

async function provisioningUrl({ client }: KubeContext): Promise<string> {
  let spec: { provisioningIP?: string; provisioningNetwork?: string };
  try {
    spec = (await client.get(RESOURCES.provisionings, undefined, PROVISIONING)).spec as typeof spec;
  } catch (error) {
    throw wrapped('unable to read Provisioning CR', error);
  }
  const address = spec.provisioningIP ?? '';
  if (isIP(address) === 0) throw new Error("unable to determine Ironic's IP");
  return `https://${isIP(address) === 6 ? `[${address}]` : address}`;
}

/** Addresses with a port, and with a path that they end in. Those that cannot be read are left out. */
function serviceUrls(list: string, port: string, path: string): string {
  return list
    .split(',')
    .filter((text) => URL.canParse(text))
    .map((text) => {
      const url = new URL(text);
      const hasPort = /:\d+$/.test(text.slice(text.indexOf('//') + 2).split('/', 1)[0]!);
      const pathname = url.pathname === '/' ? '' : url.pathname;
      const host = hasPort ? text.slice(text.indexOf('//') + 2).split('/', 1)[0]! : `${url.hostname}:${port}`;
      return `${url.protocol}//${host}${pathname}${path !== '' && !pathname.endsWith(path) ? path : ''}`;
    })
    .join(',');
}
