/**
 * Whether programs are the stock ones and take what they will be given, by what they say of themselves: each is started once, where it
 * reaches neither network nor processes, and asked for its flags.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StockPrograms } from '../plan/expanded-plan.ts';
import { CONTROLLER_NAME } from './programs.ts';

interface Ability {
  key: 'agent' | 'installer' | 'controller';
  /** Under which it is executed. */
  name: string;
  /** Upstream's name of the program. */
  upstream: string;
  /** What must be in its answer to `-h`. */
  words: readonly string[];
}

const flags = (...names: string[]) => names.map((name) => `-${name}`);

/**
 * What this driver and the service's steps pass: assisted-installer-agent, src/config; assisted-installer, src/config/config.go, and
 * assisted-service, internal/host/hostcommands/install_cmd.go. The controller has no flags and asks for a variable
 * (src/main/assisted-installer-controller).
 */
const ABILITIES: readonly Ability[] = [
  {
    key: 'agent',
    name: 'agent',
    upstream: 'agent of assisted-installer-agent',
    words: flags('url', 'infra-env-id', 'host-id', 'agent-version', 'insecure'),
  },
  {
    key: 'installer',
    name: 'installer',
    upstream: 'installer of assisted-installer',
    words: flags(
      ...['role', 'infra-env-id', 'cluster-id', 'host-id', 'boot-device', 'url', 'openshift-version', 'mco-image'],
      ...[
        'controller-image',
        'agent-image',
        'must-gather-image',
        'control-plane-count',
        'installer-args',
        'format-disk',
      ],
    ),
  },
  {
    key: 'controller',
    name: CONTROLLER_NAME,
    upstream: 'controller of assisted-installer',
    words: ['CLUSTER_ID'],
  },
];

/** Wall-clock milliseconds that a program gets to name its flags; stock ones take some 50. */
const ANSWER_MS = 20_000;
/** Of an answer that are shown. */
const SHOWN = 120;

/**
 * Asks every program for its flags. Where the machine allows no namespaces nothing is asked: no host can be there either.
 * @throws RangeError that names the key, the path and what is wrong with it
 */
export async function checkAbilities(programs: StockPrograms): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-programs-'));
  try {
    for (const { key, name, upstream, words } of ABILITIES) {
      const path = programs[key];
      if (path === null) continue;
      const link = join(folder, name);
      symlinkSync(path, link);
      const answer = await answerOf(link);
      if (answer === null) return;
      const missing = words.filter((word) => !new RegExp(`(^|[\\s-])${word}\\b`, 'm').test(answer));
      if (missing.length === 0) continue;
      throw new RangeError(
        `programs.${key} is ${path}, which cannot be driven as the ${upstream}: asked for its flags it does not name ${missing.join(', ')}, but says ${shown(answer)}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function shown(answer: string): string {
  const [line = ''] = answer.trim().split('\n');
  return line === '' ? 'nothing' : `"${line.slice(0, SHOWN)}"`;
}

/** What a program writes when it is asked for its flags; null where it cannot be shut in. */
function answerOf(path: string): Promise<string | null> {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const cage = [...user, '--mount', '--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child=SIGKILL', '--'];
  return new Promise((resolve) => {
    execFile(
      'unshare',
      [...cage, path, '-h'],
      { env: {}, timeout: ANSWER_MS, killSignal: 'SIGKILL', cwd: tmpdir() },
      (error, stdout, stderr) => {
        const refused = error && (error.code === 'ENOENT' || /^unshare: (unshare|write|mount|cannot)/.test(stderr));
        resolve(refused ? null : stdout + stderr);
      },
    );
  });
}
