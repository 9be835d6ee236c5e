/** Reading and checking what users ask of an infra-env. Upstream: assisted-service, internal/bminventory/inventory.go, validateInfraEnvCreateParams. */

import type { Core } from '../core/core.ts';
import { objectsField, textField } from '../core/wire.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { checkNtpSources, checkProxy, checkSshKey } from '../validations/names.ts';
import { checkPullSecret } from '../validations/pull-secret.ts';
import { ISO_NAMES } from './image-urls.ts';

export function checkImageType(type: string): void {
  if (!ISO_NAMES[type])
    throw new OperationError(400, `image_type ${type} is unknown. Known are ${Object.keys(ISO_NAMES).join(', ')}`);
}

/** Static network config as rows store it. @throws OperationError 400 for an entry without YAML or with a bad MAC. */
export function staticNetwork(body: JsonObject): string | undefined {
  const entries = objectsField(body, 'static_network_config');
  if (!entries) return undefined;
  for (const entry of entries) {
    if (typeof entry.network_yaml !== 'string' || entry.network_yaml.trim() === '') {
      throw new OperationError(400, 'static_network_config: network_yaml is missing');
    }
    for (const item of (entry.mac_interface_map as JsonObject[] | null) ?? []) {
      const mac = String(item.mac_address ?? '');
      if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac))
        throw new OperationError(400, `static_network_config: '${mac}' is no MAC address`);
    }
  }
  return entries.length === 0 ? '' : JSON.stringify(entries);
}

export function kernelArguments(body: JsonObject): string | undefined {
  const list = objectsField(body, 'kernel_arguments');
  if (!list) return undefined;
  for (const { operation, value } of list) {
    if (operation !== 'append')
      throw new OperationError(400, `Only kernel argument operation append is supported.  Got ${operation}`);
    if (typeof value !== 'string' || !/^[^\s"']+(=("[^"]*"|\S*))?$/.test(value))
      throw new OperationError(400, `Kernel argument '${value}' is not valid`);
  }
  return list.length === 0 ? '' : JSON.stringify(list);
}

/** A new infra-env is not told what is wrong with its key. Upstream: bminventory/inventory.go, validateInfraEnvCreateParams. */
export function checkNewSshKey(text: string): void {
  try {
    checkSshKey(text);
  } catch {
    throw new OperationError(400, 'SSH key is not valid');
  }
}

/** @throws OperationError 400 for a text that holds no certificate. */
export function checkTrustBundle(text: string): void {
  if (text.trim() !== '' && !/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text))
    throw new OperationError(400, 'invalid block');
}

/** @throws OperationError 400 for sources of time that exclude each other or are malformed. */
export function checkNtp(additional: string, sources: string): void {
  if (additional && sources)
    throw new OperationError(400, 'ntp_sources and additional_ntp_sources are mutually exclusive');
  checkNtpSources(additional);
  checkNtpSources(sources);
}

/** @throws OperationError 400 for a proxy that is no http URL. */
export function checkProxies(proxy: JsonObject | undefined): void {
  for (const field of ['http_proxy', 'https_proxy']) checkProxy(field, proxy && textField(proxy, field));
}

/** @throws OperationError 400 for a pull secret that does not open the agent's image. */
export function checkSecret({ settings }: Core, secret: string): void {
  checkPullSecret(secret, [settings.AGENT_DOCKER_IMAGE], settings.PUBLIC_CONTAINER_REGISTRIES);
}
