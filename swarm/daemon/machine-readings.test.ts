import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readMachine } from './machine-readings.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function machine(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'swarm-machine-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const LIMITS =
  'Limit  Soft Limit  Hard Limit  Units\nMax processes  1  2  processes\nMax open files            1024                 524288               files     \n';

describe('readings', () => {
  it('are what Linux says', async () => {
    const root = machine({
      'proc/self/limits': LIMITS,
      'proc/sys/fs/nr_open': '1048576\n',
      'proc/sys/fs/file-nr': '2464\t0\t9223372\n',
      'proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
      'proc/sys/net/ipv4/tcp_max_tw_buckets': '65536\n',
      'proc/sys/net/ipv4/tcp_mem': '1000\t2000\t3000\n',
      'proc/sys/net/netfilter/nf_conntrack_count': '17\n',
      'proc/sys/net/netfilter/nf_conntrack_max': '65536\n',
      'proc/net/sockstat': 'sockets: used 99\nTCP: inuse 6 orphan 0 tw 1 alloc 7 mem 5\n',
      'proc/meminfo': 'MemTotal: 8000000 kB\nMemAvailable:    4194304 kB\n',
      'proc/self/cgroup': '0::/pod/x\n',
      'sys/fs/cgroup/pod/x/memory.max': '1073741824\n',
      'sys/fs/cgroup/pod/x/memory.current': '536870912\n',
      'sys/fs/cgroup/pod/x/cpu.max': '50000 100000\n',
      'sys/devices/system/clocksource/clocksource0/current_clocksource': 'kvm-clock\n',
      'proc/411/comm': 'chronyd\n',
    });
    const { load, timerLateness, ...read } = await readMachine(root);
    expect(read).toEqual({
      files: 524_288,
      mostFiles: 1_048_576,
      allFiles: { open: 2464, most: 9_223_372 },
      ports: { first: 32_768, last: 60_999 },
      mostResting: 65_536,
      conntrack: { followed: 17, most: 65_536, inside: false, outside: true },
      tcpMemory: { held: 5 * 4096, most: 3000 * 4096 },
      memoryMiB: 512,
      cores: 0.5,
      clockSource: 'kvm-clock',
      synchronised: true,
    });
    expect(load).toBeGreaterThanOrEqual(0);
    expect(timerLateness.max).toBeGreaterThanOrEqual(timerLateness.p50);
  });

  describe('of the connections that the firewall follows', () => {
    const COUNT = 'proc/sys/net/netfilter/nf_conntrack_count';
    const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
    const tcp = (...rows: [remote: string, state: string][]) =>
      HEAD + rows.map(([remote, state], n) => `   ${n}: 0100007F:1F90 ${remote} ${state} 00000000:00000000\n`).join('');
    /** @param opened what the count becomes while connections to the machine itself are open, at each try */
    async function conntrack(count: number, opened: number[], files: Record<string, string> = {}) {
      const root = machine({
        'proc/sys/net/netfilter/nf_conntrack_max': '65536\n',
        [COUNT]: `${count}\n`,
        ...files,
      });
      const left = [...opened];
      const read = await readMachine(root, async (_connections, whileOpen) => {
        writeFileSync(join(root, COUNT), `${left.shift() ?? count}\n`);
        whileOpen();
        writeFileSync(join(root, COUNT), `${count}\n`);
      });
      return read.conntrack;
    }

    it('sees its own among them', async () => {
      expect(await conntrack(100, [132])).toMatchObject({ followed: 100, inside: true });
      // Others have closed as many the first time.
      expect(await conntrack(100, [100, 130])).toMatchObject({ inside: true });
    });

    it('sees that its own are not', async () => {
      expect(await conntrack(0, [0])).toMatchObject({ inside: false });
      // Others open a few.
      expect(await conntrack(1000, [1003, 998, 1001])).toMatchObject({ inside: false, outside: true });
    });

    it('tells from open connections to others whether these are', async () => {
      const here: [string, string][] = [
        ['0100007F:A1B2', '01'],
        ['00000000:0000', '0A'],
      ];
      const away: [string, string] = ['0A0200C0:01BB', '01'];
      const outside = async (files: Record<string, string>) => (await conntrack(0, [], files))!.outside;
      expect(await outside({ 'proc/net/tcp': tcp(...here) })).toBeNull();
      expect(await outside({ 'proc/net/tcp': tcp(...here, away) })).toBe(false);
      // One that is closing tells nothing.
      expect(await outside({ 'proc/net/tcp': tcp([away[0], '06']) })).toBeNull();
      const self = ['00000000000000000000000001000000:A1B2', '0000000000000000FFFF00000100007F:A1B2'];
      expect(await outside({ 'proc/net/tcp6': tcp(...self.map((one): [string, string] => [one, '01'])) })).toBeNull();
      expect(await outside({ 'proc/net/tcp6': tcp(['B80D0120000000000000000001000000:01BB', '01']) })).toBe(false);
    });
  });

  it('are null where nothing is said, and limits without a number are none', async () => {
    const { load: _load, timerLateness: _late, cores, ...read } = await readMachine(machine({}));
    expect(Object.values(read).every((value) => value === null)).toBe(true);
    expect(cores).toBeGreaterThan(0);
    const unlimited = machine({
      'proc/meminfo': 'MemAvailable: 2048 kB\n',
      'sys/fs/cgroup/memory.max': 'max\n',
      'sys/fs/cgroup/cpu.max': 'max 100000\n',
    });
    expect(await readMachine(unlimited)).toMatchObject({ memoryMiB: 2, cores });
  });

  it('of this machine are there', async () => {
    const { files, ports, memoryMiB } = await readMachine();
    expect(files).toBeGreaterThan(100);
    expect(ports!.last).toBeGreaterThan(ports!.first);
    expect(memoryMiB).toBeGreaterThan(10);
  });
});
