/** What a run with no-op hosts must leave as it found it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Everything as sorted lines. */
export interface MachineState {
  mounts: string[];
  /** Commands; numbers of processes differ. */
  processes: string[];
  links: string[];
  addresses: string[];
  routes: string[];
  namespaces: string[];
  temporaryFiles: string[];
}

/** @param ignored processes, by number */
export function machineState(ignored: readonly number[] = []): MachineState {
  const processes: string[] = [];
  const namespaces = new Set<string>();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || ignored.includes(Number(pid))) continue;
    try {
      processes.push(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '));
      for (const kind of ['mnt', 'net', 'pid', 'uts', 'ipc', 'user'])
        namespaces.add(readlinkSync(`/proc/${pid}/ns/${kind}`));
    } catch {
      // It has just ended.
    }
  }
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'latin1').trim().split('\n').sort(),
    processes: processes.sort(),
    links: names(['link'], 'ifname'),
    addresses: names(['address'], 'addr_info'),
    routes: names(['route', 'show', 'table', 'all'], 'dst'),
    namespaces: [...namespaces].sort(),
    temporaryFiles: readdirSync(tmpdir(), { recursive: true }).map(String).sort(),
  };
}

/** Of each row what identifies it: counters and times go on. */
function names(words: string[], field: string): string[] {
  const rows = JSON.parse(execFileSync('ip', ['-j', ...words], { encoding: 'utf8' }) || '[]') as Record<
    string,
    unknown
  >[];
  return rows.map((row) => JSON.stringify(row[field])).sort();
}
