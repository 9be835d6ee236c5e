/** Every replaced command, called as the stock programs call it, on a host of a lab; and what its file says of itself. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { HostFault } from '../../model/faults/faults.ts';
import { SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import { describeUnless } from '../../model/testing/needs.ts';
import { seconds } from '../../model/time/span.ts';
import { buildHost } from '../host/build-host.ts';
import { planOf } from '../pool/testing/simulation.ts';
import { hostFiles } from './host-files.ts';
import { Lab } from './lab.ts';
import { installerArguments } from './stock-installation.ts';
import { NO_LABS } from './testing/namespaces.ts';

const PATCHES = fileURLToPath(new URL('../../patches', import.meta.url));
const FOLDERS = ['agent', 'installer', 'controller'] as const;
const HEADER = ['Replaces', 'By', 'Why', 'Answers', 'Versions'] as const;
const AGENT = ['--target', '1', '--cgroup', '--mount', '--ipc', '--net', '--'];
const INSTALLER = ['--target', '1', '--cgroup', '--mount', '--ipc', '--pid', '--'];
const JOURNAL = ['-v', '/run/systemd/journal/socket:/run/systemd/journal/socket', '-v', '/var/log:/var/log'];

interface Call {
  /** How the stock program calls it. */
  argv: string[];
  code?: number;
  output?: RegExp;
}

const nse = (...argv: string[]): string[] => ['nsenter', ...AGENT, ...argv];
const nsi = (...argv: string[]): string[] => ['nsenter', ...INSTALLER, ...argv];
const DISK = '/dev/sda';

const CALLS: Call[] = [
  // agent
  { argv: nse('podman', 'rm', '-i', 'next-step-runner'), output: /^$/ },
  {
    argv: nse('podman', 'run', '--rm', '-ti', '--name', 'next-step-runner', 'IMG', 'next_step_runner', '--version'),
    output: /^v\d/,
  },
  // steps of the runner
  {
    argv: nse(
      'sh',
      '-c',
      `cp /etc/mtab /root/mtab-1 && podman run --privileged --pid=host --net=host --rm --quiet ${JOURNAL.join(' ')} IMG inventory`,
    ),
    output: /^\{"bmc_address".*"hostname"/,
  },
  { argv: ['cat', '/root/mtab-1'], output: /overlay/ },
  { argv: nse('findmnt', '--noheadings', '--output', 'SOURCE', '/sysroot'), code: 1 },
  {
    argv: ['arping', '-c', '10', '-w', '5', '-I', 'ens1', '10.3.0.12'],
    output: /Unicast reply from 10\.3\.0\.12 \[52:54:00:00:00:02\]/,
  },
  { argv: ['arping', '-c', '10', '-w', '5', '-I', 'ens1', '10.3.0.99'], code: 1 },
  {
    argv: ['nmap', '-sn', '-PR', '-n', '-oX', '-', '10.3.0.0/24'],
    output:
      /^<nmaprun>\n<host><status state="up"[^>]*\/><address addr="10\.3\.0\.12" addrtype="ipv4"\/><\/host>\n<host>.*"10\.3\.0\.1" .*\n<\/nmaprun>$/,
  },
  { argv: ['nmap', '-sn', '-PR', '-n', '-oX', '-', '10.0.0.0/22'], output: /^<nmaprun>\n<\/nmaprun>$/ },
  { argv: ['nmap', '-sn', '-n', '-oX', '-', '10.3.0.12'], output: /"10\.3\.0\.12"/ },
  { argv: ['nmap', '-sn', '-n', '-oX', '-', '10.3.0.120'], output: /^<nmaprun>\n<\/nmaprun>$/ },
  { argv: nse('timeout', '30', 'chronyc', '-n', 'sources'), output: /\^\* / },
  {
    argv: nse(
      'sh',
      '-c',
      "podman ps --format '{{.Names}}' | grep -q '^free_addresses_scanner$' || podman run --privileged --net=host --rm --quiet --name free_addresses_scanner IMG free_addresses --version",
    ),
    output: /^v\d/,
  },
  {
    argv: nse(
      'sh',
      '-c',
      'id=`podman ps --quiet --filter "name=disk_performance"` ; test ! -z "$id" || timeout 480.00 podman run --privileged --rm --quiet -v /dev:/dev:rw --name disk_performance IMG disk_speed_check --version',
    ),
    output: /^v\d/,
  },
  {
    argv: [
      'fio',
      '--filename',
      DISK,
      '--name=test',
      '--rw=write',
      '--ioengine=sync',
      '--size=22m',
      '-bs=2300',
      '--fdatasync=1',
      '--output-format=json',
    ],
    output: /lat_ns/,
  },
  { argv: nse('podman', 'images', '--quiet', 'quay.example.com/a/b:latest'), output: /^$/ },
  { argv: nse('timeout', '959', 'podman', 'pull', 'quay.example.com/a/b:latest'), output: /^[0-9a-f]+$/ },
  { argv: nse('podman', 'images', '--quiet', 'quay.example.com/a/b:latest'), output: /^[0-9a-f]+$/ },
  { argv: nse('podman', 'image', 'inspect', '--format={{.Size}}', 'quay.example.com/a/b:latest'), output: /^\d+$/ },
  {
    argv: [
      ...['timeout', '28', 'dhclient', '-v', '-H', '00-1a-4a-11-22-33-api', '-sf', '/bin/true'],
      ...['-lf', '/tmp/lease-api', '--no-pid', '-1', 'api'],
    ],
    output: /^$/,
  },
  { argv: ['cat', '/tmp/lease-api'], output: /interface "api";\n {2}fixed-address 10\.3\.0\.4;/ },
  // inventory, when the real one runs
  { argv: ['ipmitool', 'lan', 'print', '1'], code: 1 },
  { argv: ['ipmitool', 'lan6', 'print', '1', 'enables'], code: 1 },
  { argv: ['file', '-s', DISK], output: /data$/ },
  { argv: ['sg_inq', '-p', '0x83', DISK], code: 1 },
  { argv: ['lscpu', '-J'], output: /"lscpu"/ },
  { argv: ['biosdevname', '-i', 'ens1'], code: 1 },
  { argv: ['dmidecode', '-t', '17'], output: /Memory Device/ },
  { argv: ['systemd-detect-virt', '--vm'], code: 1, output: /^none$/ },
  // installer
  {
    argv: nse(
      'sh',
      '-c',
      'podman run --privileged --pid=host --net=host --name=assisted-installer -v /dev:/dev:rw INSTALLER --role bootstrap --cluster-id C --control-plane-count 1 --openshift-version 4.20.8 --version',
    ),
    code: 9,
  },
  {
    argv: nse('sh', '-c', 'podman run --name=assisted-installer INSTALLER --role bootstrap'),
    code: 125,
    output: /already in use/,
  },
  { argv: nse('podman', 'stop', '-i', '-t', '5', 'assisted-installer') },
  { argv: nsi('dd', 'if=/dev/zero', `of=${DISK}`, 'bs=512', 'count=1'), output: /^$/ },
  { argv: nsi('vgs', '--noheadings', '-o', 'vg_name,pv_name'), output: /^$/ },
  { argv: nsi('pvs', '--noheadings', '-o', 'pv_name'), output: /^$/ },
  { argv: nsi('dmsetup', 'ls'), output: /^No devices found$/ },
  { argv: nsi('mdadm', '-v', '--query', '--detail', '--scan'), output: /^$/ },
  { argv: nsi('wipefs', '--all', '--force', DISK), output: /^$/ },
  { argv: nsi('mkdir', '-p', '/opt/install-dir') },
  {
    argv: nsi(
      'podman',
      'run',
      '--net',
      'host',
      '--privileged',
      '--entrypoint',
      '/usr/bin/machine-config-daemon',
      'MCO',
      'start',
    ),
    output: /^$/,
  },
  { argv: nsi('ssh-keygen', '-q', '-f', '/root/.ssh/id_rsa', '-N', ''), output: /^$/ },
  { argv: nsi('cat', '/root/.ssh/id_rsa.pub'), output: /^ssh-rsa / },
  { argv: nsi('systemctl', 'daemon-reload'), output: /^$/ },
  { argv: nsi('stat', '/usr/bin/oc') },
  { argv: nsi('stat', '/run/media/iso/registry'), code: 1, output: /No such file/ },
  { argv: nsi('systemctl', 'start', 'bootkube.service'), output: /^$/ },
  { argv: nsi('stat', '/opt/openshift/master.ign') },
  { argv: nsi('systemctl', 'is-active', 'progress.service'), output: /^inactive$/ },
  { argv: nsi('systemctl', 'list-units', '--no-legend', 'ironic-agent.service'), output: /^$/ },
  {
    argv: nsi('coreos-installer', 'install', '--insecure', '-i', '/opt/install-dir/master-1.ign', DISK),
    output: /\(100%\)[\s\S]*complete/,
  },
  { argv: ['cat', '/opt/install-dir/master-1.ign'], output: /"merge":\[\{"source":"data:;base64,/ },
  { argv: nsi('test', '-f', '/usr/sbin/bootlist'), code: 1 },
  { argv: nsi('test', '-d', '/sys/firmware/efi'), code: 1 },
  { argv: nsi('bootlist', '-m', 'normal', '-o', DISK) },
  { argv: nsi('efibootmgr', '-l', DISK) },
  { argv: nsi('lsblk', '--bytes', '--json', DISK), output: /"name":"sda4"/ },
  { argv: nsi('uname', '-m'), output: /^x86_64$/ },
  { argv: nsi('mount', '/dev/sda4', '/mnt'), output: /^$/ },
  { argv: nsi('growpart', '--free-percent=92', DISK, '4'), output: /^$/ },
  { argv: nsi('xfs_growfs', '/mnt'), output: /^$/ },
  { argv: nsi('setenforce', '0'), output: /^$/ },
  { argv: nsi('ostree', 'container', 'image', 'deploy', '--sysroot', '/mnt'), output: /^$/ },
  { argv: nsi('fsfreeze', '--freeze', '/mnt'), output: /^$/ },
  { argv: nsi('umount', '/mnt'), output: /^$/ },
  { argv: nsi('shutdown', '-r', '+1', "'Installation completed, server is going to reboot.'"), output: /^$/ },
  // logs sender
  { argv: nse('/usr/bin/lsblk', '-o', 'NAME,MAJ:MIN,SIZE'), output: /^NAME/ },
  { argv: nse('/bin/ls', '-l', '/dev/disk/by-id'), output: /virtio/ },
  { argv: nse('/usr/sbin/pvdisplay', '-v'), output: /^$/ },
  { argv: nse('/usr/sbin/vgdisplay', '-v'), output: /^$/ },
  { argv: nse('/usr/sbin/lvdisplay', '-v'), output: /^$/ },
  { argv: nse('journalctl', '-D', '/var/log/journal/', '--all', 'TAG=agent'), output: /./ },
  { argv: ['dmesg', '-T'], output: /./ },
  { argv: nse('coredumpctl', 'list', '--no-legend'), code: 1 },
  { argv: ['/usr/local/bin/ovs-installer-gather.sh', '--id', '20261129213507', '10.3.0.12'], output: /^$/ },
  { argv: nse('/usr/local/bin/installer-gather.sh', '--id', '20261129213507', '10.3.0.12'), output: /^$/ },
  { argv: nse('mv', '/root/log-bundle-20261129213507.tar.gz', '/tmp') },
  // controller
  {
    argv: ['oc', '--kubeconfig', '/x', 'debug', 'node/n', '--', 'chroot', '/host', 'last', 'reboot'],
    output: /^reboot .*\nreboot [^\n]*$/,
  },
  { argv: ['oc', '--kubeconfig=/x', 'adm', 'must-gather'], code: 1 },
  // last: it takes its time
  {
    argv: ['ping', '-c', '10', '-W', '3', '-q', '10.3.0.12'],
    output: /10 packets transmitted, 10 received[\s\S]*rtt min\/avg/,
  },
];

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(PATCHES, folder)).map((name) => ({
    folder,
    name,
    text: readFileSync(join(PATCHES, folder, name), 'utf8'),
  })),
);

function headerOf(text: string): Record<(typeof HEADER)[number], string> {
  const found: Record<string, string> = {};
  let last = '';
  for (const line of text.split('\n').slice(1)) {
    if (!line.startsWith('#')) break;
    const [, key, value] = /^# (\w+):\s+(.*)$/.exec(line) ?? [];
    if (key !== undefined) {
      last = key;
      found[key] = value!;
    } else found[last] += ` ${line.replace(/^#\s*/, '')}`;
  }
  return found as Record<(typeof HEADER)[number], string>;
}

describe('the files of replaced commands', () => {
  it.each(files)('$folder/$name says what it replaces and why', ({ text }) => {
    expect(text.startsWith('#!/usr/bin/sh\n')).toBe(true);
    expect(Object.keys(headerOf(text))).toEqual(HEADER);
  });

  it('stand in the table of the README, each once', () => {
    const cell = (value: string) => value.replaceAll('|', '\\|');
    const rows = files.map(({ folder, name, text }) => {
      const { Replaces, By, Why, Answers } = headerOf(text);
      return `| ${[`${folder}/${name}`, `\`${Replaces}\``, By, Why, Answers].map(cell).join(' | ')} |`;
    });
    const readme = readFileSync(join(PATCHES, 'README.md'), 'utf8');
    expect(readme.split('\n').filter((line) => /^\| (agent|installer|controller)\//.test(line))).toEqual(rows);
  });

  it('are all tried here', () => {
    const names = files.map(({ name }) => name);
    const words = new Set(
      CALLS.flatMap(({ argv }) => argv.flatMap((word) => word.split(/[\s`]+/)).map((word) => word.split('/').at(-1))),
    );
    expect(names.filter((name) => !words.has(name))).toEqual([]);
  });
});

/** What the commands answer on a host, which may have a fault. */
async function answersTo(calls: readonly Call[], fault?: HostFault) {
  const folder = mkdtempSync(join(tmpdir(), 'noop-patches-'));
  const results = Promise.withResolvers<{ code: number; output: string }[]>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end();
    results.resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const node = process.execPath;
  const programs = {
    agent: node,
    next_step_runner: node,
    free_addresses: node,
    disk_speed_check: node,
    installer: node,
  };
  const dial = { dialTimeoutMs: 30_000, tlsHandshakeTimeoutMs: 10_000 };
  const lab = new Lab({ patches: PATCHES, programs, manifests: null, logs: folder, warn: () => {}, dial });
  const refused: string[] = [];
  const installers: unknown[] = [];
  try {
    const { url } = await lab.reach(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const cluster = planOf({ controlPlanes: 1 });
    const profile = {
      ...SPOKE_PROFILES.quick,
      host: { ...SPOKE_PROFILES.quick.host, writeSingleNode: seconds(0.2, 0) },
    };
    const host = buildHost('seed', cluster, { ...cluster.hosts[0]!, kind: 'noop', ...(fault && { fault }) });
    const own = hostFiles(host, {
      hosts: '',
      peers: [{ ipv4: '10.3.0.12', mac: '52:54:00:00:00:02' }],
      profile,
      vips: { api: '10.3.0.4', ingress: '10.3.0.5' },
      gatherMs: 0,
    });
    const program = `
        import { spawnSync } from 'node:child_process';
        const results = ${JSON.stringify(calls.map(({ argv }) => argv))}.map(([command, ...args]) => {
          const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
          return { code: status ?? -1, output: error ? String(error) : (stdout + stderr).trim() };
        });
        await fetch('${url}', { method: 'POST', body: JSON.stringify(results) });
        setInterval(() => {}, 1000);`;
    await lab.start(
      {
        slot: 0,
        ...own,
        files: [...own.files, { path: 'program.mjs', text: program }],
        names: cluster,
        command: ['agent', '/host/program.mjs'],
        restart: true,
        environment: { SWARM_REBOOTS: '2' },
      },
      {
        onEvent: ([what, ...words]) => {
          if (what === 'refused') refused.push(words.join(' '));
          else if (what === 'installer-started') installers.push(installerArguments(words));
        },
        onConnection: () => ({ sent: () => {}, received: () => {}, closed: () => {} }),
        onEnded: (message) => results.reject(new Error(message)),
      },
    );
    const answers = await results.promise;
    const wrong = calls
      .map(({ argv, code = 0, output = /[\s\S]*/ }, index) => ({
        argv: argv.filter((word) => !AGENT.includes(word) && !INSTALLER.includes(word)).join(' '),
        ...answers[index]!,
        isRight: answers[index]!.code === code && output.test(answers[index]!.output),
      }))
      .filter(({ isRight }) => !isRight);
    return { wrong, refused, installers };
  } finally {
    await lab.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

describeUnless(NO_LABS, 'replaced commands', { timeout: 90_000 }, () => {
  it('answer as the stock programs need it', async () => {
    expect(await answersTo(CALLS)).toEqual({
      wrong: [],
      refused: ['oc --kubeconfig=/x adm must-gather'],
      installers: [{ role: 'bootstrap', clusterId: 'C', controlPlanes: 1, openshiftVersion: '4.20.8', reboots: 2 }],
    });
  });

  const pull = nse('timeout', '959', 'podman', 'pull', 'quay.example.com/a/b:latest');
  const failing: [HostFault, Call[]][] = [
    [
      { kind: 'image-unavailable', lastingMs: null },
      [
        {
          argv: pull,
          code: 125,
          output: /^Error: .*docker:\/\/quay\.example\.com\/a\/b:latest: .*connection refused$/,
        },
        { argv: nse('podman', 'images', '--quiet', 'quay.example.com/a/b:latest'), output: /^$/ },
      ],
    ],
    [
      { kind: 'image-unavailable', lastingMs: 1000 },
      [{ argv: pull, code: 125 }, { argv: ['sleep', '2.1'] }, { argv: pull, output: /^[0-9a-f]+$/ }],
    ],
    [
      { kind: 'installer-fails', stage: 'Writing image to disk', message: 'disk \'sda\' is "broken"' },
      [
        {
          argv: nsi('coreos-installer', 'install', '--insecure', '-i', '/opt/i.ign', DISK),
          code: 1,
          output: /^disk 'sda' is "broken"$/,
        },
      ],
    ],
    [
      { kind: 'slow-disk', syncMs: 50 },
      [{ argv: ['fio', '--filename', DISK, '--output-format=json'], output: /"99\.000000":50000000\D/ }],
    ],
    [
      { kind: 'log-upload-fails' },
      [
        {
          argv: nse('podman', 'run', '--rm', '--name', 'logs-sender', 'IMG', 'logs_sender', '-url', 'http://s'),
          code: 1,
          output: /^the service cannot be reached$/,
        },
      ],
    ],
  ];
  it.each(failing)('fail as a fault of the host says: %j', async (fault, calls) => {
    expect(await answersTo(calls, fault)).toEqual({ wrong: [], refused: [], installers: [] });
  });
});
