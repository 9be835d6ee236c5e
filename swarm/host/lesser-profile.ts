/** Hardware that is less than its profile says. */
import type { HostFault } from '../../model/faults/faults.ts';
import type { HardwareProfile } from './profiles.ts';

type Lesser = Omit<Extract<HostFault, { kind: 'hardware' }>, 'kind'>;

const known = new Map<string, HardwareProfile>();

/** One object for all machines that are alike, as of profiles. What is null is the profile's. */
export function lesserProfile(profile: HardwareProfile, { cpus, memoryBytes, diskBytes }: Lesser): HardwareProfile {
  const name = `${profile.name} with ${cpus}/${memoryBytes}/${diskBytes}`;
  let lesser = known.get(name);
  if (!lesser) {
    const { cpu, memory, disks } = profile;
    const missing = memoryBytes === null ? 0 : memory.physicalBytes - memory.usableBytes;
    lesser = {
      ...profile,
      name,
      cpu: { ...cpu, count: cpus ?? cpu.count },
      memory: {
        physicalBytes: memoryBytes ?? memory.physicalBytes,
        usableBytes: memoryBytes === null ? memory.usableBytes : Math.max(memoryBytes / 2, memoryBytes - missing),
      },
      disks: disks.map((disk) =>
        disk.bus === 'optical' || diskBytes === null ? disk : { ...disk, sizeBytes: diskBytes },
      ),
    };
    known.set(name, lesser);
  }
  return lesser;
}
