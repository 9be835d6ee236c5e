/**
 * The inventory document of a machine: compact JSON in the key order of the agent, empty members left out where Go's omitempty
 * leaves them out (assisted-service, models/inventory.go).
 *
 * A profile's document is made once, with marks where machines differ, and cut at the marks:
 *
 *     {"bmc_address":"  ⟨bmc⟩  ","bmc_v6address":…"by_id":"/dev/disk/by-id/wwn-  ⟨wwn 0⟩  ",…"hostname":"  ⟨hostname⟩  ",…
 *
 * so that one machine's document is a walk over pieces, and no machine has to keep its own.
 */
import { goJson } from '../../model/protocol/go-json.ts';
import type { HostNic } from './host.ts';
import type { DiskNames, HostAddresses } from './identity.ts';
import type { DiskProfile, HardwareProfile, NicProfile } from './profiles.ts';

/** What differs between two machines of one profile. */
export interface InventoryValues {
  hostname: string;
  /** System serial. */
  serial: string;
  bmc: string;
  addresses: HostAddresses;
  mac(slot: number): string;
  disk(slot: number, mark: string): DiskNames;
}

type Slot = (values: InventoryValues, disks: readonly DiskNames[]) => string;

/** A profile's document, ready to be filled. */
export interface InventoryTemplate {
  readonly profile: HardwareProfile;
  /** Slot of the NIC whose MAC each NIC shows, by position. */
  readonly macSlots: readonly number[];
  /** Position of the primary NIC. */
  readonly primary: number;
  /** Text before each slot, and after the last one. */
  readonly texts: readonly string[];
  readonly slots: readonly Slot[];
  /** Serial marks of the disks by slot. */
  readonly diskMarks: readonly string[];
  /** `id` of the installation disk, in the same form. */
  readonly installationDisk: { slot: number; mark: string; text: (names: DiskNames) => string };
}

const templates = new Map<string, InventoryTemplate>();

/** The template of a profile; made once. */
export function inventoryTemplate(profile: HardwareProfile): InventoryTemplate {
  let template = templates.get(profile.name);
  if (!template) {
    template = makeTemplate(profile);
    templates.set(profile.name, template);
  }
  return template;
}

/** The document of one machine. */
export function renderInventory(template: InventoryTemplate, values: InventoryValues): string {
  const disks = template.diskMarks.map((mark, slot) => values.disk(slot, mark));
  let text = template.texts[0]!;
  for (let i = 0; i < template.slots.length; i++) {
    text += template.slots[i]!(values, disks) + template.texts[i + 1]!;
  }
  return text;
}

/** All NICs of one machine in kernel order, `lo` first. */
export function nicsOf(template: InventoryTemplate, values: Pick<InventoryValues, 'addresses' | 'mac'>): HostNic[] {
  const own = `${values.addresses.ipv4}/${values.addresses.prefix}`;
  return [
    LOOPBACK,
    ...template.profile.nics.map((nic, position) => ({
      name: nic.name,
      mac: values.mac(template.macSlots[position]!),
      mtu: nic.mtu,
      ipv4: position === template.primary ? [own] : [],
      ipv6: [],
      type: nic.type,
    })),
  ];
}

const LOOPBACK: HostNic = {
  name: 'lo',
  mac: '',
  mtu: 65_536,
  ipv4: ['127.0.0.1/8'],
  ipv6: ['::1/128'],
  type: 'device',
};

/** /proc/cmdline with the line feed it ends in. */
const COMMAND_LINE =
  'BOOT_IMAGE=/images/pxeboot/vmlinuz random.trust_cpu=on ignition.firstboot ignition.platform.id=metal ' +
  'coreos.liveiso=rhcos-9.6.20250925-0';

/** Collects slots while the document is being made; a slot's mark is replaced by its value when a machine's document is read. */
class Marks {
  readonly slots: Slot[] = [];

  add(slot: Slot): string {
    this.slots.push(slot);
    return `@@${this.slots.length - 1}@@`;
  }
}

function makeTemplate(profile: HardwareProfile): InventoryTemplate {
  const marks = new Marks();
  const macSlots = profile.nics.map((nic, position) =>
    nic.macOf ? profile.nics.findIndex((other) => other.name === nic.macOf) : position,
  );
  const primary = profile.nics.findIndex((nic) => nic.name === profile.primaryNic);
  const disks = expandDisks(profile.disks);
  const osDisk = disks.find((disk) => disk.name === profile.installationDisk);
  if (primary < 0 || macSlots.includes(-1) || !osDisk) {
    throw new Error(`hardware profile ${profile.name} names a NIC or disk that it does not have`);
  }

  const bootInterface = macSlots[profile.nics.findIndex((nic) => nic.name === profile.pxeInterface)];
  const bootMac =
    bootInterface === undefined ? '' : ` BOOTIF=01-${marks.add((v) => v.mac(bootInterface).replaceAll(':', '-'))}`;
  const document = {
    bmc_address: profile.bmc ? marks.add((v) => v.bmc) : '0.0.0.0',
    bmc_v6address: '::/0',
    boot: {
      command_line: `${COMMAND_LINE}${bootMac}\n`,
      current_boot_mode: profile.bootMode,
      device_type: 'ephemeral',
      pxe_interface: bootInterface === undefined ? undefined : marks.add((v) => v.mac(bootInterface)),
      secure_boot_state: profile.secureBoot,
    },
    cpu: {
      architecture: 'x86_64',
      count: profile.cpu.count,
      flags: profile.cpu.flags.split(' '),
      frequency: profile.cpu.frequency,
      model_name: profile.cpu.modelName,
    },
    disks: disks.map((disk) => diskObject(disk, marks)),
    gpus: profile.gpus,
    hostname: marks.add((v) => v.hostname),
    interfaces: [
      {
        flags: ['up', 'loopback', 'running'],
        has_carrier: true,
        ipv4_addresses: LOOPBACK.ipv4,
        ipv6_addresses: LOOPBACK.ipv6,
        mtu: LOOPBACK.mtu,
        name: LOOPBACK.name,
        type: LOOPBACK.type,
      },
      ...profile.nics.map((nic, position) => nicObject(nic, macSlots[position]!, position === primary, marks)),
    ],
    memory: {
      physical_bytes: profile.memory.physicalBytes,
      physical_bytes_method: 'dmidecode',
      usable_bytes: profile.memory.usableBytes,
    },
    routes: [
      {
        destination: '0.0.0.0',
        family: 2,
        gateway: marks.add((v) => v.addresses.gateway),
        interface: profile.primaryNic,
        metric: 100,
      },
      { destination: marks.add((v) => v.addresses.network), family: 2, interface: profile.primaryNic, metric: 100 },
      { destination: '::1', family: 10, interface: 'lo', metric: 256 },
      { destination: 'fe80::', family: 10, interface: profile.primaryNic, metric: 1024 },
    ],
    system_vendor: {
      manufacturer: profile.manufacturer,
      product_name: profile.productName,
      serial_number: marks.add((v) => v.serial),
      virtual: profile.virtual || undefined,
    },
    tpm_version: profile.tpmVersion,
  };

  const pieces = goJson(document).split(/@@(\d+)@@/);
  const texts: string[] = [];
  const slots: Slot[] = [];
  for (let i = 0; i < pieces.length; i++) {
    if (i % 2 === 0) texts.push(pieces[i]!);
    else slots.push(marks.slots[Number(pieces[i])]!);
  }
  return {
    profile,
    macSlots,
    primary,
    texts,
    slots,
    diskMarks: disks.map((disk) => disk.profile.mark),
    installationDisk: { slot: osDisk.slot, mark: osDisk.profile.mark, text: (names) => diskId(osDisk, names) },
  };
}

interface Disk {
  profile: DiskProfile;
  /** Position in the machine. */
  slot: number;
  /** Kernel name. */
  name: string;
  /** Position among disks of the same bus. */
  unit: number;
}

const NAME_PREFIX = { ata: 'sd', sas: 'sd', virtio: 'vd', nvme: 'nvme', optical: 'sr' } as const;

/** Disks one by one, in order, with kernel names. */
function expandDisks(profiles: readonly DiskProfile[]): Disk[] {
  const used = new Map<string, number>();
  const disks: Disk[] = [];
  for (const profile of profiles) {
    const prefix = NAME_PREFIX[profile.bus];
    for (let i = 0; i < (profile.count ?? 1); i++) {
      const unit = used.get(prefix) ?? 0;
      used.set(prefix, unit + 1);
      const suffix = prefix === 'nvme' ? `${unit}n1` : prefix === 'sr' ? `${unit}` : String.fromCharCode(97 + unit);
      disks.push({ profile, slot: disks.length, name: prefix + suffix, unit });
    }
  }
  return disks;
}

function byPath(disk: Disk): string {
  const { bus, pci } = disk.profile;
  switch (bus) {
    case 'ata':
      return `/dev/disk/by-path/pci-${pci}-ata-${disk.unit + 1}`;
    case 'optical':
      return `/dev/disk/by-path/pci-${pci}-ata-${disk.unit + 3}`;
    case 'sas':
      return `/dev/disk/by-path/pci-${pci}-scsi-0:2:${disk.unit}:0`;
    default: {
      // One controller a disk: the bus number counts up.
      const at = Number.parseInt(pci.slice(5, 7), 16) + disk.unit;
      const address = `${pci.slice(0, 5)}${at.toString(16).padStart(2, '0')}${pci.slice(7)}`;
      return `/dev/disk/by-path/${bus === 'virtio' ? `virtio-pci-${address}` : `pci-${address}-nvme-1`}`;
    }
  }
}

/** `id` of a disk: by_id where it has one, else by_path (assisted-installer-agent, src/inventory/disks.go). */
function diskId(disk: Disk, names: DiskNames): string {
  switch (disk.profile.bus) {
    case 'ata':
    case 'sas':
      return `/dev/disk/by-id/wwn-${names.wwn}`;
    case 'nvme':
      return `/dev/disk/by-id/nvme-eui.${names.eui}`;
    case 'virtio':
      return `/dev/disk/by-id/virtio-${names.serial}`;
    case 'optical':
      return byPath(disk);
  }
}

function diskObject(disk: Disk, marks: Marks): object {
  const { profile, slot } = disk;
  const optical = profile.bus === 'optical';
  const scsi = profile.bus === 'ata' || profile.bus === 'sas';
  const id = () => marks.add((_, disks) => diskId(disk, disks[slot]!));
  return {
    bootable: profile.bootable,
    by_id: optical ? undefined : id(),
    by_path: byPath(disk),
    drive_type: profile.driveType,
    has_uuid: scsi || optical || undefined,
    hctl: optical
      ? `2:0:${disk.unit}:0`
      : scsi
        ? profile.bus === 'sas'
          ? `0:2:${disk.unit}:0`
          : `${disk.unit}:0:0:0`
        : undefined,
    id: optical ? byPath(disk) : id(),
    installation_eligibility: { eligible: true, not_eligible_reasons: null },
    is_installation_media: profile.installationMedia,
    model: profile.model,
    name: disk.name,
    path: `/dev/${disk.name}`,
    removable: optical || undefined,
    serial: optical ? undefined : marks.add((_, disks) => disks[slot]!.serial),
    size_bytes: profile.sizeBytes,
    vendor: profile.vendor,
    wwn: scsi
      ? marks.add((_, disks) => disks[slot]!.wwn)
      : profile.bus === 'nvme'
        ? `eui.${marks.add((_, disks) => disks[slot]!.eui)}`
        : undefined,
  };
}

function nicObject(nic: NicProfile, macSlot: number, primary: boolean, marks: Marks): object {
  return {
    biosdevname: nic.biosdevname,
    flags: ['up', 'broadcast', 'multicast', ...(nic.up ? ['running'] : [])],
    has_carrier: nic.up || undefined,
    ipv4_addresses: primary ? [marks.add((v) => `${v.addresses.ipv4}/${v.addresses.prefix}`)] : [],
    ipv6_addresses: [],
    mac_address: marks.add((v) => v.mac(macSlot)),
    mtu: nic.mtu,
    name: nic.name,
    product: nic.product,
    speed_mbps: nic.speedMbps,
    type: nic.type,
    vendor: nic.vendor,
  };
}
