/**
 * Hardware profiles: what kind of machine a host is, as data. A profile says what all machines of its kind share; names, serials
 * and addresses come from `identity.ts`. All of them pass the service's minimum for every role that they are meant for (Service
 * facts 4.2: sno 8 CPUs, 16 GiB, 100 GB; master 4, 16 GiB, 100 GB; arbiter 2, 8 GiB, 50 GB; worker 2, 8 GiB, 100 GB).
 */

/** One or several like disks. */
export interface DiskProfile {
  bus: 'ata' | 'sas' | 'nvme' | 'virtio' | 'optical';
  /** Number of disks of this kind; 1 when absent. */
  count?: number;
  model?: string;
  vendor?: string;
  driveType: 'SSD' | 'HDD' | 'ODD';
  sizeBytes: number;
  bootable?: boolean;
  /** The virtual disc the machine was booted from. */
  installationMedia?: boolean;
  /** First two letters of the serials. */
  mark: string;
  /** PCI address of the controller (of the first disk for nvme and virtio). */
  pci: string;
}

export interface NicProfile {
  name: string;
  type: 'physical' | 'bond' | 'vlan';
  mtu: number;
  /** -1 when the driver does not know. */
  speedMbps: number;
  /** Has a link. Physical NICs without one carry no `running` flag. */
  up: boolean;
  biosdevname?: string;
  product?: string;
  vendor?: string;
  /** Name of the NIC whose MAC this one shows: the first member for a bond, the lower device for a VLAN. */
  macOf?: string;
}

export interface GpuProfile {
  address: string;
  device_id: string;
  name: string;
  vendor: string;
  vendor_id: string;
}

export interface HardwareProfile {
  name: string;
  /** One line for humans. */
  description: string;
  manufacturer: string;
  productName: string;
  virtual: boolean;
  bootMode: 'uefi' | 'bios';
  secureBoot: 'NotSupported' | 'Disabled' | 'Enabled';
  /** BOOTIF was on the kernel's command line: booted over the network by this NIC. */
  pxeInterface?: string;
  tpmVersion: 'none' | '1.2' | '2.0';
  /** Has a management controller with an address. */
  bmc: boolean;
  cpu: { count: number; frequency?: number; modelName: string; flags: string };
  memory: { physicalBytes: number; usableBytes: number };
  disks: readonly DiskProfile[];
  /** `name` of the disk meant for the operating system, e.g. `sda`; the one the service would choose itself (assisted-service, internal/hardware/validator.go). */
  installationDisk: string;
  /** In kernel order after `lo`. */
  nics: readonly NicProfile[];
  /** Name of the NIC that holds the machine network's address. */
  primaryNic: string;
  gpus: readonly GpuProfile[];
}

const GIB = 2 ** 30;

const FLAGS_BASE =
  'fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx pdpe1gb rdtscp lm ' +
  'constant_tsc rep_good nopl cpuid pni pclmulqdq ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave ' +
  'avx f16c rdrand lahf_lm abm 3dnowprefetch fsgsbase tsc_adjust bmi1 avx2 smep bmi2 erms invpcid rdseed adx smap clflushopt xsaveopt ' +
  'xsavec xgetbv1 xsaves arat umip md_clear arch_capabilities';
const FLAGS_VM = `${FLAGS_BASE} hypervisor vmx ssbd ibrs ibpb stibp tpr_shadow flexpriority ept vpid`;
const FLAGS_METAL =
  `${FLAGS_BASE} dts acpi ss tm pbe art arch_perfmon pebs bts xtopology nonstop_tsc aperfmperf dtes64 monitor ds_cpl vmx smx est tm2 sdbg ` +
  'xtpr pdcm dca cpuid_fault epb cat_l3 cdp_l3 ssbd mba ibrs ibpb stibp ibrs_enhanced tpr_shadow flexpriority ept vpid ept_ad';
const FLAGS_SERVER =
  `${FLAGS_METAL} cqm rdt_a avx512f avx512dq avx512ifma clwb intel_pt avx512cd sha_ni avx512bw avx512vl cqm_llc cqm_occup_llc cqm_mbm_total ` +
  'cqm_mbm_local split_lock_detect wbnoinvd dtherm ida pln pts avx512vbmi pku ospke avx512_vbmi2 gfni vaes vpclmulqdq avx512_vnni ' +
  'avx512_bitalg tme avx512_vpopcntdq la57 rdpid fsrm flush_l1d';

const BMC_GPU: GpuProfile = {
  address: '0000:03:00.0',
  device_id: '0536',
  name: 'Integrated Matrox G200eW3 Graphics Controller',
  vendor: 'Matrox Electronics Systems Ltd.',
  vendor_id: '102b',
};

/** A NIC of a server's board or of an add-in card. */
function port(name: string, speedMbps: number, up: boolean, product: string, biosdevname?: string): NicProfile {
  return {
    name,
    type: 'physical',
    mtu: 1500,
    speedMbps: up ? speedMbps : -1,
    up,
    product,
    vendor: '0x8086',
    ...(biosdevname ? { biosdevname } : {}),
  };
}

const VIRTUAL_MEDIA: DiskProfile = {
  bus: 'optical',
  model: 'Virtual_CD',
  vendor: 'SIM',
  driveType: 'ODD',
  sizeBytes: 1_203_765_248,
  bootable: true,
  installationMedia: true,
  mark: 'CD',
  pci: '0000:00:14.0',
};

const PROFILES: readonly HardwareProfile[] = [
  {
    name: 'vm',
    description: 'Virtual machine: 8 vCPU, 16 GiB, one 120 GB virtio disk, one NIC',
    manufacturer: 'Red Hat',
    productName: 'KVM',
    virtual: true,
    bootMode: 'bios',
    secureBoot: 'NotSupported',
    tpmVersion: 'none',
    bmc: false,
    cpu: { count: 8, modelName: 'Intel Xeon Processor (Icelake)', flags: FLAGS_VM },
    memory: { physicalBytes: 16 * GIB, usableBytes: 16_469_471_232 },
    disks: [
      { ...VIRTUAL_MEDIA, model: 'QEMU_DVD-ROM', vendor: 'QEMU', pci: '0000:00:1f.2' },
      {
        bus: 'virtio',
        driveType: 'HDD',
        sizeBytes: 128_849_018_880,
        vendor: '0x1af4',
        mark: 'VD',
        pci: '0000:04:00.0',
      },
    ],
    installationDisk: 'vda',
    nics: [
      { name: 'enp1s0', type: 'physical', mtu: 1500, speedMbps: -1, up: true, product: '0x0001', vendor: '0x1af4' },
    ],
    primaryNic: 'enp1s0',
    gpus: [
      {
        address: '0000:00:01.0',
        device_id: '1050',
        name: 'Virtio 1.0 GPU',
        vendor: 'Red Hat, Inc.',
        vendor_id: '1af4',
      },
    ],
  },
  {
    name: 'sno-small',
    description: 'Small edge server: 16 CPUs, 64 GiB, one 480 GB SSD, two NICs',
    manufacturer: 'SimVendor Inc.',
    productName: 'SimEdge E1',
    virtual: false,
    bootMode: 'uefi',
    secureBoot: 'Disabled',
    tpmVersion: '2.0',
    bmc: true,
    cpu: { count: 16, frequency: 3100, modelName: 'Intel(R) Xeon(R) D-2733NT CPU @ 2.10GHz', flags: FLAGS_METAL },
    memory: { physicalBytes: 64 * GIB, usableBytes: 67_183_763_456 },
    disks: [
      {
        bus: 'ata',
        model: 'SIMDISK_480',
        vendor: 'ATA',
        driveType: 'SSD',
        sizeBytes: 480_103_981_056,
        bootable: true,
        mark: 'SA',
        pci: '0000:00:17.0',
      },
      VIRTUAL_MEDIA,
    ],
    installationDisk: 'sda',
    nics: [port('eno1', 10_000, true, '0x124c', 'em1'), port('eno2', 10_000, false, '0x124c', 'em2')],
    primaryNic: 'eno1',
    gpus: [BMC_GPU],
  },
  {
    name: 'master',
    description: 'Control-plane server: 16 CPUs, 64 GiB, one 480 GB SSD and one NVMe disk, two NICs',
    manufacturer: 'SimVendor Inc.',
    productName: 'SimServer R1',
    virtual: false,
    bootMode: 'uefi',
    secureBoot: 'Disabled',
    tpmVersion: '2.0',
    bmc: true,
    cpu: { count: 16, frequency: 3200, modelName: 'Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz', flags: FLAGS_METAL },
    memory: { physicalBytes: 64 * GIB, usableBytes: 67_183_763_456 },
    disks: [
      {
        bus: 'ata',
        model: 'SIMDISK_480',
        vendor: 'ATA',
        driveType: 'SSD',
        sizeBytes: 480_103_981_056,
        bootable: true,
        mark: 'SA',
        pci: '0000:00:17.0',
      },
      {
        bus: 'nvme',
        model: 'SIMNVME 1.92T',
        driveType: 'SSD',
        sizeBytes: 1_920_383_410_176,
        mark: 'NV',
        pci: '0000:65:00.0',
      },
      VIRTUAL_MEDIA,
    ],
    installationDisk: 'sda',
    nics: [port('eno1', 25_000, true, '0x159b', 'em1'), port('eno2', 25_000, false, '0x159b', 'em2')],
    primaryNic: 'eno1',
    gpus: [BMC_GPU],
  },
  {
    name: 'worker-medium',
    description: 'Worker server: 32 CPUs, 128 GiB, one 480 GB SSD and four NVMe disks, four NICs',
    manufacturer: 'SimVendor Inc.',
    productName: 'SimServer R2',
    virtual: false,
    bootMode: 'uefi',
    secureBoot: 'Disabled',
    tpmVersion: '2.0',
    bmc: true,
    cpu: { count: 32, frequency: 3400, modelName: 'Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz', flags: FLAGS_SERVER },
    memory: { physicalBytes: 128 * GIB, usableBytes: 134_834_106_368 },
    disks: [
      {
        bus: 'ata',
        model: 'SIMDISK_480',
        vendor: 'ATA',
        driveType: 'SSD',
        sizeBytes: 480_103_981_056,
        bootable: true,
        mark: 'SA',
        pci: '0000:00:17.0',
      },
      {
        bus: 'nvme',
        count: 4,
        model: 'SIMNVME 1.92T',
        driveType: 'SSD',
        sizeBytes: 1_920_383_410_176,
        mark: 'NV',
        pci: '0000:65:00.0',
      },
    ],
    installationDisk: 'sda',
    nics: [
      port('eno1', 25_000, true, '0x159b', 'em1'),
      port('eno2', 25_000, true, '0x159b', 'em2'),
      port('ens1f0', 100_000, false, '0x1592'),
      port('ens1f1', 100_000, false, '0x1592'),
    ],
    primaryNic: 'eno1',
    gpus: [BMC_GPU],
  },
  {
    name: 'server-large',
    description: 'Storage server: 128 CPUs, 512 GiB, 24 disks, 11 NICs with the machine network on a VLAN over a bond',
    manufacturer: 'SimVendor Inc.',
    productName: 'SimServer R8 XD2',
    virtual: false,
    bootMode: 'uefi',
    secureBoot: 'Enabled',
    pxeInterface: 'eno1',
    tpmVersion: '2.0',
    bmc: true,
    cpu: {
      count: 128,
      frequency: 3500,
      modelName: 'Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz',
      flags: FLAGS_SERVER,
    },
    memory: { physicalBytes: 512 * GIB, usableBytes: 540_443_250_688 },
    disks: [
      {
        bus: 'sas',
        model: 'SIMBOOT_480',
        vendor: 'SIMVEND',
        driveType: 'SSD',
        sizeBytes: 479_559_942_144,
        bootable: true,
        mark: 'BT',
        pci: '0000:18:00.0',
      },
      {
        bus: 'sas',
        count: 15,
        model: 'SIMSAS2400',
        vendor: 'SIMVEND',
        driveType: 'HDD',
        sizeBytes: 2_400_476_553_216,
        mark: 'SH',
        pci: '0000:18:00.0',
      },
      {
        bus: 'nvme',
        count: 8,
        model: 'SIMNVME 3.84T',
        driveType: 'SSD',
        sizeBytes: 3_840_755_982_336,
        mark: 'NV',
        pci: '0000:65:00.0',
      },
    ],
    installationDisk: 'sda',
    nics: [
      port('eno1', 1000, true, '0x1563', 'em1'),
      port('eno2', 1000, false, '0x1563', 'em2'),
      port('eno3', 1000, false, '0x1563', 'em3'),
      port('eno4', 1000, false, '0x1563', 'em4'),
      port('ens1f0', 100_000, true, '0x1592', 'p1p1'),
      port('ens1f1', 100_000, true, '0x1592', 'p1p2'),
      port('ens2f0', 25_000, false, '0x159b', 'p2p1'),
      port('ens2f1', 25_000, false, '0x159b', 'p2p2'),
      { name: 'usbnet0', type: 'physical', mtu: 1500, speedMbps: -1, up: false, product: '0xa4a2', vendor: '0x0525' },
      { name: 'bond0', type: 'bond', mtu: 1500, speedMbps: 200_000, up: true, macOf: 'ens1f0' },
      { name: 'bond0.140', type: 'vlan', mtu: 1500, speedMbps: 200_000, up: true, macOf: 'ens1f0' },
    ],
    primaryNic: 'bond0.140',
    gpus: [BMC_GPU],
  },
];

const byName = new Map(PROFILES.map((profile) => [profile.name, profile]));

/** Names of all profiles. */
export const PROFILE_NAMES: readonly string[] = PROFILES.map((profile) => profile.name);

/** Profile for hosts whose plan names none. */
export const DEFAULT_PROFILES = {
  sno: 'sno-small',
  master: 'master',
  arbiter: 'vm',
  worker: 'worker-medium',
} as const;

/**
 * @throws RangeError when there is no profile of this name.
 */
export function profileNamed(name: string): HardwareProfile {
  const profile = byName.get(name);
  if (!profile) throw new RangeError(`there is no hardware profile "${name}"; allowed: ${PROFILE_NAMES.join(', ')}`);
  return profile;
}
