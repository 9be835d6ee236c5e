/** What an Agent tells of its host's hardware: in its status, and by labels that are made from that. Upstream: assisted-service, agent_controller.go. */

import type { HostRow } from '../../core/rows.ts';
import { withoutEmpty } from '../../core/wire.ts';
import type { Json, JsonObject } from '../../service-api.ts';
import {
  CLUSTER_NAMESPACE_LABEL,
  CPU_ARCHITECTURE_LABEL,
  CPU_VIRTUALIZATION_LABEL,
  INVENTORY_VERSION,
  MANUFACTURER_LABEL,
  NON_ROTATIONAL_LABEL,
  PRODUCT_LABEL,
  VIRTUAL_LABEL,
} from '../labels.ts';
import type { Agent } from '../objects.ts';

const objects = (value: Json | undefined) => (Array.isArray(value) ? (value as JsonObject[]) : undefined);
const object = (value: Json | undefined) => (value ?? undefined) as JsonObject | undefined;

/** The inventory in the words of the custom resource: everything that is empty is left out, lists in lists are not. */
export function agentInventory(inventoryText: string): JsonObject {
  const inventory = JSON.parse(inventoryText) as JsonObject;
  const { memory, cpu, boot, system_vendor: vendor } = inventory;
  const interfaces = objects(inventory.interfaces);
  const disks = objects(inventory.disks);
  const gpus = objects(inventory.gpus);
  return {
    ...withoutEmpty({
      hostname: inventory.hostname,
      bmcAddress: inventory.bmc_address,
      bmcV6Address: inventory.bmc_v6address,
    }),
    memory: withoutEmpty({
      physicalBytes: object(memory)?.physical_bytes,
      usableBytes: object(memory)?.usable_bytes,
    }),
    cpu: cpuOf(object(cpu) ?? {}),
    ...(interfaces && interfaces.length > 0 && { interfaces: interfaces.map(interfaceOf) }),
    ...(disks && disks.length > 0 && { disks: disks.map(diskOf) }),
    boot: withoutEmpty({
      currentBootMode: object(boot)?.current_boot_mode,
      pxeInterface: object(boot)?.pxe_interface,
      deviceType: object(boot)?.device_type,
    }),
    systemVendor: withoutEmpty({
      serialNumber: object(vendor)?.serial_number,
      productName: object(vendor)?.product_name,
      manufacturer: object(vendor)?.manufacturer,
      virtual: object(vendor)?.virtual,
    }),
    ...(gpus && gpus.length > 0 && { gpus: gpus.map(gpuOf) }),
  };
}

function cpuOf(cpu: JsonObject): JsonObject {
  const flags = (cpu.flags ?? []) as Json[];
  return {
    ...withoutEmpty({ count: cpu.count, clockMegahertz: Math.trunc(Number(cpu.frequency ?? 0)) }),
    ...(flags.length > 0 && { flags }),
    ...withoutEmpty({ modelName: cpu.model_name, architecture: cpu.architecture }),
  };
}

function interfaceOf(one: JsonObject): JsonObject {
  return {
    ipV6Addresses: one.ipv6_addresses ?? [],
    ...withoutEmpty({
      vendor: one.vendor,
      name: one.name,
      hasCarrier: one.has_carrier,
      product: one.product,
      mtu: one.mtu,
    }),
    ipV4Addresses: one.ipv4_addresses ?? [],
    ...withoutEmpty({ biosDevName: one.biosdevname, clientID: one.client_id, macAddress: one.mac_address }),
    flags: one.flags ?? [],
    ...withoutEmpty({ speedMbps: one.speed_mbps }),
  };
}

function diskOf(disk: JsonObject): JsonObject {
  const eligibility = object(disk.installation_eligibility) ?? {};
  return {
    id: disk.id ?? '',
    ...withoutEmpty({
      driveType: disk.drive_type,
      vendor: disk.vendor,
      name: disk.name,
      path: disk.path,
      hctl: disk.hctl,
      byPath: disk.by_path,
      byID: disk.by_id,
      model: disk.model,
      wwn: disk.wwn,
      serial: disk.serial,
      sizeBytes: disk.size_bytes,
      bootable: disk.bootable,
      smart: disk.smart,
    }),
    installationEligibility: {
      ...withoutEmpty({ eligible: eligibility.eligible }),
      notEligibleReasons: eligibility.not_eligible_reasons ?? [],
    },
    ioPerf: withoutEmpty({ syncDurationMilliseconds: object(disk.io_perf)?.sync_duration }),
  };
}

function gpuOf(gpu: JsonObject): JsonObject {
  return withoutEmpty({
    address: gpu.address,
    deviceID: gpu.device_id,
    name: gpu.name,
    vendor: gpu.vendor,
    vendorID: gpu.vendor_id,
  });
}

export function agentNtpSources({ ntpSourcesText }: HostRow): { sourceName?: string; sourceState?: string }[] {
  const sources = (JSON.parse(ntpSourcesText) ?? []) as { source_name?: string; source_state?: string }[];
  return sources.map(({ source_name, source_state }) =>
    withoutEmpty({ sourceName: source_name, sourceState: source_state }),
  ) as { sourceName?: string; sourceState?: string }[];
}

/** Sets labels by what the status says of the hardware. @returns whether any changed. */
export function labelByInventory(agent: Agent): boolean {
  const inventory = agent.status?.inventory ?? {};
  const disks = objects(inventory.disks) ?? [];
  const cpu = object(inventory.cpu) ?? {};
  const vendor = object(inventory.systemVendor) ?? {};
  const flags = (cpu.flags ?? []) as Json[];
  const labels: Readonly<Record<string, string>> = {
    [NON_ROTATIONAL_LABEL]: String(disks.some(({ driveType }) => driveType === 'SSD')),
    [CPU_ARCHITECTURE_LABEL]: String(cpu.architecture ?? ''),
    [CPU_VIRTUALIZATION_LABEL]: String(flags.includes('vmx') || flags.includes('svm')),
    [MANUFACTURER_LABEL]: String(vendor.manufacturer ?? ''),
    [PRODUCT_LABEL]: String(vendor.productName ?? ''),
    [VIRTUAL_LABEL]: String(vendor.virtual ?? false),
    [CLUSTER_NAMESPACE_LABEL]: agent.spec.clusterDeploymentName?.namespace ?? '',
  };
  let changed = setAnnotation(agent, INVENTORY_VERSION, '0.1');
  for (const [key, value] of Object.entries(labels)) changed = setLabel(agent, key, value) || changed;
  return changed;
}

/** @returns whether it changed. */
export function setAnnotation(agent: Agent, key: string, value: string): boolean {
  const { annotations = {} } = agent.metadata;
  if (annotations[key] === value) return false;
  agent.metadata.annotations = { ...annotations, [key]: value };
  return true;
}

const NOT_IN_LABELS = /[^-A-Za-z0-9_.]+/g;
const LABEL = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** Characters that a label cannot hold are dropped; a value that still is none is left out. @returns whether it changed. */
export function setLabel(agent: Agent, key: string, text: string): boolean {
  const value = text.replace(NOT_IN_LABELS, '');
  const { labels = {} } = agent.metadata;
  if (!LABEL.test(value) || labels[key] === value) return false;
  agent.metadata.labels = { ...labels, [key]: value };
  return true;
}
