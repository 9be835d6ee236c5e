/** What a BareMetalHost is told of its hardware, when nobody inspects it. Upstream: assisted-service, bmh_agent_controller.go, reconcileAgentInventory. */
import { withoutEmpty } from '../../core/wire.ts';
import type { JsonObject } from '../../service-api.ts';
import type { Agent } from '../objects.ts';
import { annotate, type BareMetalHost, BMH_HARDWARE_DETAILS, hasAnnotation } from './objects.ts';

const MIB = 1024 ** 2;

/**
 * Copies the Agent's inventory into an annotation, from which the Bare Metal Operator takes it; once only, as each change of
 * it makes work on both sides.
 * @returns whether it was copied
 */
export function copyHardware(host: BareMetalHost, agent: Agent): boolean {
  if (objects(agent.status?.inventory?.interfaces).length === 0) return false;
  if (hasAnnotation(host, BMH_HARDWARE_DETAILS) || host.status?.hardware?.hostname) return false;
  annotate(host, BMH_HARDWARE_DETAILS, JSON.stringify(hardwareOf(agent)));
  return true;
}

const objects = (value: unknown) => (value ?? []) as JsonObject[];
const strings = (value: unknown) => (value ?? []) as string[];
const object = (value: unknown) => (value ?? {}) as JsonObject;

/** In the order of Go's struct, whose parts are there even when they are empty. */
function hardwareOf({ spec, status }: Agent): JsonObject {
  const inventory = object(status?.inventory);
  const vendor = object(inventory.systemVendor);
  const cpu = object(inventory.cpu);
  const flags = strings(cpu.flags);
  const nics = objects(inventory.interfaces).flatMap(nicsOf);
  const storage = objects(inventory.disks).map(storageOf);
  const hostname = spec.hostname || inventory.hostname;
  const ram = Math.trunc(Number(object(inventory.memory).physicalBytes ?? 0) / MIB);
  return {
    systemVendor: withoutEmpty({
      manufacturer: vendor.manufacturer,
      productName: vendor.productName,
      serialNumber: vendor.serialNumber,
    }),
    firmware: { bios: {} },
    ...(ram > 0 && { ramMebibytes: ram }),
    ...(nics.length > 0 && { nics }),
    ...(storage.length > 0 && { storage }),
    cpu: withoutEmpty({
      arch: cpu.architecture,
      model: cpu.modelName,
      clockMegahertz: cpu.clockMegahertz,
      ...(flags.length > 0 && { flags }),
      count: cpu.count,
    }),
    ...(hostname && { hostname }),
  };
}

/** One for each address: two families are two NICs of the same name. */
function nicsOf(nic: JsonObject): JsonObject[] {
  return [...strings(nic.ipV6Addresses), ...strings(nic.ipV4Addresses)].map((address) =>
    withoutEmpty({
      name: nic.name,
      model: nic.vendor,
      mac: nic.macAddress,
      ip: address.split('/', 1)[0]!,
      speedGbps: Math.trunc(Number(nic.speedMbps ?? 0) / 1024),
    }),
  );
}

function storageOf(disk: JsonObject): JsonObject {
  return withoutEmpty({
    name: disk.byPath || disk.path,
    rotational: String(disk.driveType ?? '').toUpperCase() === 'HDD',
    sizeBytes: disk.sizeBytes,
    vendor: disk.vendor,
    model: disk.model,
    serialNumber: disk.serial,
    wwn: disk.wwn,
    hctl: disk.hctl,
  });
}
