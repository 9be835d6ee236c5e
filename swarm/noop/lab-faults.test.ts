/** What goes wrong in a lab, with Node in the agent's place: each fault stays where it is, is counted, and is told once. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { describeUnless } from '../../model/testing/needs.ts';
import { HOST_FOLDER_BYTES } from './host-folder.ts';
import { Lab, type LabFigures } from './lab.ts';
import { NO_LABS } from './testing/namespaces.ts';

const DIAL = { dialTimeoutMs: 30_000, tlsHandshakeTimeoutMs: 10_000 };
const PATCHES = fileURLToPath(new URL('../../patches', import.meta.url));
/** Lives, and has told so. */
const LIVING = `
  import { execFileSync } from 'node:child_process';
  execFileSync('nsenter', ['--', 'podman', 'run', 'IMG', 'inventory']);
  setInterval(() => {}, 1000);
`;

let folder: string;
let logs: string;
let lab: Lab;
let events: { slot: number; words: string }[];
let ended: { slot: number; message: string | undefined }[];
let lost: string[];
let warnings: string[];
let figures: LabFigures | null;

/** @param program in the place of all stock ones */
const open = (program: string) =>
  new Lab({
    patches: PATCHES,
    programs: { agent: program, next_step_runner: program, installer: program },
    manifests: null,
    logs,
    lookMs: 50,
    onLost: (message) => lost.push(message),
    warn: (message) => warnings.push(message),
    dial: DIAL,
    onFigures: (told) => {
      figures = told;
    },
  });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'noop-faults-'));
  logs = join(folder, 'logs');
  [events, ended, lost, warnings, figures] = [[], [], [], [], null];
  lab = open(process.execPath);
});
afterEach(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

const eventually = (look: () => void) => vi.waitFor(look, { timeout: 20_000, interval: 20 });

const boot = (slot: number, program: string) =>
  lab.start(
    {
      slot,
      hostname: `host-${slot}`,
      nics: [{ name: 'eth0', mac: `52:54:00:00:00:0${slot}`, mtu: 1500, addresses: [`10.3.0.1${slot}/24`] }],
      files: [
        { path: 'answers/inventory', text: '{}' },
        { path: 'program.mjs', text: program },
      ],
      devices: [],
      names: null,
      command: ['agent', '/host/program.mjs'],
      restart: true,
      environment: {},
      place: { cluster: 'c', host: `host-${slot}`, index: slot },
    },
    {
      onEvent: (words) => events.push({ slot, words: words.join(' ') }),
      onConnection: () => expect.unreachable(),
      onEnded: (message) => ended.push({ slot, message }),
    },
  );

const lives = (slot: number) => eventually(() => expect(events).toContainEqual({ slot, words: 'inventory' }));
const figuresOf = (slot: number) => figures?.hosts.find(({ index }) => index === slot)?.programs;

/** Processes of this lab by what they run. */
function processes(): { pid: number; name: string; words: string[] }[] {
  const marks = new Set([process.pid]);
  const found: { pid: number; name: string; words: string[] }[] = [];
  const all: { pid: number; parent: number; name: string }[] = [];
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, 'latin1'))!;
      all.push({ pid: +entry, parent: +parent!, name: name! });
    } catch {
      // It has just ended.
    }
  }
  for (let before = 0; before !== marks.size; ) {
    before = marks.size;
    for (const { pid, parent } of all) if (marks.has(parent)) marks.add(pid);
  }
  for (const { pid, name } of all) {
    if (!marks.has(pid) || pid === process.pid) continue;
    try {
      found.push({ pid, name, words: readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0') });
    } catch {
      // It has just ended.
    }
  }
  return found;
}

describeUnless(NO_LABS, 'a fault in a lab', { timeout: 60_000 }, () => {
  it('of an agent that is killed ends its runner too, and is counted with the signal', async () => {
    await lab.close();
    // Node gives itself another name, by which nobody would know an agent.
    lab = open(realpathSync('/bin/sh'));
    const runner = 'while sleep 1; do :; done';
    await boot(1, `nsenter -- podman run --name next-step-runner IMG next_step_runner -c '${runner}' & ${runner}`);
    const runners = () => processes().filter(({ words }) => words[0] === 'next_step_runner');
    const agents = () => processes().filter(({ words }) => words[0] === 'agent');
    await eventually(() => expect(runners()).toHaveLength(1));
    const [first] = runners();
    process.kill(agents()[0]!.pid, 'SIGKILL');
    await eventually(() => expect(events).toContainEqual({ slot: 1, words: 'program-ended 137' }));
    await eventually(() => expect(runners().filter(({ pid }) => pid !== first!.pid)).toHaveLength(1));
    expect(runners()).toHaveLength(1);
    process.kill(runners()[0]!.pid, 'SIGKILL');
    await eventually(() => expect(events).toContainEqual({ slot: 1, words: 'runner-ended 137' }));
    await eventually(() =>
      expect(figuresOf(1)).toMatchObject({
        agent: { restarts: 1, exits: { SIGKILL: 1 } },
        // Only the second one ended without being asked to.
        next_step_runner: { restarts: 1, exits: { SIGKILL: 1 } },
      }),
    );
    await eventually(() => expect(figuresOf(1)!.agent!.memory!.proportional).toBeGreaterThan(10_000));
    expect(figuresOf(1)!.driver!.memory!.resident).toBeGreaterThan(10_000);
    expect(figures!.lab.memory.resident).toBeGreaterThan(1e6);
    expect(lost).toEqual([]);
  });

  it('of an agent that the lab kills leaves its host and all others as they are', async () => {
    await lab.close();
    lab = open(realpathSync('/bin/sh'));
    const waiting = 'while sleep 1; do :; done';
    await Promise.all([boot(1, waiting), boot(2, waiting)]);
    const agents = () => processes().filter(({ words }) => words[0] === 'agent');
    await eventually(() => expect(agents()).toHaveLength(2));
    const before = agents().map(({ pid }) => pid);
    lab.kill(1);
    lab.kill(3);
    await eventually(() => expect(events).toEqual([{ slot: 1, words: 'program-ended 137' }]));
    await eventually(() => expect(agents().filter(({ pid }) => !before.includes(pid))).toHaveLength(1));
    expect(agents().filter(({ pid }) => before.includes(pid))).toHaveLength(1);
    expect(ended).toEqual([]);
  });

  it('of an installer is told with its exit code', async () => {
    await boot(
      1,
      `import { execFile } from 'node:child_process';
       execFile('sh', ['-c', 'podman run --name=assisted-installer IMG --role master --no-such-flag'], () => {});
       setInterval(() => {}, 1000);`,
    );
    await eventually(() => expect(events.map(({ words }) => words)).toContain('installer-ended 9'));
    await eventually(() => expect(figuresOf(1)?.installer?.exits).toEqual({ 9: 1 }));
  });

  it('of a full file system stays on its host', async () => {
    await boot(
      1,
      `import { writeFileSync } from 'node:fs';
       try { for (;;) writeFileSync('/var/log/big', Buffer.alloc(1 << 20), { flag: 'a' }); } catch (error) { console.error('full: ' + error.code); }
       setInterval(() => {}, 1000);`,
    );
    await boot(2, LIVING);
    await lives(2);
    await eventually(() => expect(events).toContainEqual({ slot: 1, words: 'disk-full' }));
    await eventually(() => expect(readFileSync(join(logs, 'host-1.log'), 'utf8')).toContain('full: ENOSPC'));
    expect(events.filter(({ words }) => words === 'disk-full')).toHaveLength(1);
    expect(HOST_FOLDER_BYTES).toBeLessThan(1e9);
    lab.stop(1);
    await eventually(() => expect(ended).toEqual([{ slot: 1, message: undefined }]));
    // Its memory is free again, and it can be booted anew.
    events = [];
    await boot(1, LIVING);
    await lives(1);
  });

  it('of a host whose files lead elsewhere, or are full, harms neither the machine nor other hosts', async () => {
    const outside = join(folder, 'outside');
    mkdirSync(join(outside, 'manifests'), { recursive: true });
    writeFileSync(join(outside, 'manifests/assisted-installer-controller-cm.yaml'), 'of the machine');
    await boot(
      1,
      `import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
       symlinkSync('${outside}', '/opt/openshift');
       mkdirSync('/var/log/containers');
       symlinkSync('${outside}/served', '/var/log/containers/served.log');
       try { for (;;) writeFileSync('/var/log/big', Buffer.alloc(1 << 20), { flag: 'a' }); } catch {}
       try { for (;;) writeFileSync('/var/log/big', 'x', { flag: 'a' }); } catch {}
       execFileSync('systemctl', ['start', 'bootkube.service']);
       ${LIVING}`,
    );
    await boot(2, LIVING);
    await Promise.all([lives(1), lives(2)]);
    await eventually(() => expect(events).toContainEqual({ slot: 1, words: 'bootkube-started' }));
    for (const path of ['opt/openshift/.bootkube.done', 'var/log/containers/served.log', 'etc/full'])
      lab.append(1, { path, text: 'of the lab' });
    await eventually(() => expect(warnings).toHaveLength(4));
    expect(warnings.join('\n')).toMatch(/slot 1 cannot be used: E(?:NOTDIR|LOOP)/);
    expect(warnings.join('\n')).toContain('slot 1 cannot be used: ENOSPC');
    expect(readdirSync(outside)).toEqual(['manifests']);
    expect(ended).toEqual([]);
  });

  it('of the disk on which output is kept costs the output, with one warning', async () => {
    mkdirSync(logs);
    for (const slot of [1, 2]) symlinkSync('/dev/full', join(logs, `host-${slot}.log`));
    const talking = `console.error('lost'); setTimeout(() => console.error('lost too'), 50);${LIVING}`;
    await Promise.all([boot(1, talking), boot(2, talking)]);
    await Promise.all([lives(1), lives(2)]);
    await eventually(() => expect(warnings).toHaveLength(1));
    expect(warnings[0]).toMatch(/^what no-op hosts write cannot be kept.*ENOSPC/);
    await boot(3, LIVING);
    await lives(3);
    expect(ended).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  it('of what takes the journal is mended', async () => {
    await boot(1, LIVING);
    await lives(1);
    const perl = () => processes().filter(({ name }) => name === 'perl');
    await eventually(() => expect(perl()).toHaveLength(1));
    const [{ pid } = expect.unreachable()] = perl();
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect(perl().map((one) => one.pid)).toEqual([expect.any(Number)]));
    await eventually(() => expect(perl()[0]!.pid).not.toBe(pid));
  });

  it('of the lab itself ends all of its hosts with one reason, which those who come later are told', async () => {
    await Promise.all([boot(1, LIVING), boot(2, LIVING)]);
    await Promise.all([lives(1), lives(2)]);
    const main = processes().find(({ words }) => words[1]?.includes('lab-main'));
    process.kill(main!.pid, 'SIGKILL');
    await eventually(() => expect(lost).toHaveLength(1));
    expect(lost[0]).toMatch(
      /^the no-op hosts' namespaces were killed by SIGKILL; the kernel does that when memory runs out/,
    );
    expect(warnings).toEqual(lost);
    expect(ended).toEqual([1, 2].map((slot) => ({ slot, message: lost[0] })));
    await eventually(() => expect(processes().filter(({ words }) => words[0] === 'agent')).toEqual([]));
    await expect(boot(3, LIVING)).rejects.toThrow(lost[0]!);
    await expect(lab.reach('http://127.0.0.1:1')).rejects.toThrow(lost[0]!);
    await lab.close();
    expect(
      readdirSync(tmpdir()).filter(
        (name) => name.startsWith(`swarm-lab-${process.pid}-`) && existsSync(join(tmpdir(), name, 'relay')),
      ),
    ).toEqual([]);
  });
});
