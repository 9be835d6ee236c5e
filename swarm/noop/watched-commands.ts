/** What the programs of a host tried to execute, as `patches/machine/watch` has written it down. */

/** One attempt. */
export interface Attempt {
  /** `look`: whether a command is there, which goes before an execution where it is. */
  kind: 'exec' | 'look';
  /** Name of the process, at most 15 characters. */
  by: string;
  path: string;
  /** The command's name first; empty for a look. */
  args: readonly string[];
}

/** From here on processes are the host's own. */
const INIT = '/patches/machine/init';
/** Words before the command that nsenter is to run: assisted-installer-agent, src/util/execute.go. */
const END_OF_OPTIONS = '--';

/** Reads a file of attempts; what brought the host up is left out, also when it was brought up several times. */
export function parseAttempts(text: string): Attempt[] {
  const attempts: Attempt[] = [];
  let up = false;
  for (const line of text.split('\n')) {
    const [kind, by, path, ...args] = line.split(' ').map(wordOf);
    if ((kind !== 'exec' && kind !== 'look') || by === undefined || path === undefined) continue;
    if (kind === 'exec' && path === INIT) up = true;
    else if (kind === 'exec' && args[0] === 'sh' && args[2] === 'network') up = false;
    else if (up) attempts.push({ kind, by, path, args });
  }
  return attempts;
}

function wordOf(word: string): string {
  if (word === '%') return '';
  const bytes = word.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The folders in which commands are found on a host are one and the same. */
const FOLDERS = /^(?:(?:\/usr)?\/s?bin|\/usr\/local\/bin)\/([^/]+)$/;

/** A command that was to be executed and is neither replaced, nor one of ours, nor known to be harmless. */
export interface EscapedCommand {
  command: string;
  by: string;
  /** As it was called; '' when the program only looked whether it is there. */
  call: string;
  times: number;
}

/**
 * What was attempted and is not known.
 * @param known names of replaced commands, harmless tools and stock programs
 */
export function escapedCommands(attempts: readonly Attempt[], known: ReadonlySet<string>): EscapedCommand[] {
  const found = new Map<string, EscapedCommand>();
  for (const { kind, by, path, args } of attempts) {
    const name = FOLDERS.exec(path)?.[1];
    if (name !== undefined ? known.has(name) : kind === 'look' || OWN.test(path)) continue;
    const command = name ?? path;
    const escaped = found.get(command) ?? { command, by, call: '', times: 0 };
    if (kind === 'exec' || escaped.times === 0) escaped.times++;
    if (args.length > 0) escaped.call = args.join(' ');
    found.set(command, escaped);
  }
  return [...found.values()];
}

/** Of a host's own start. */
const OWN = /^\/(?:machine|patches|programs)\//;

/** Names of the commands that were executed, also by nsenter in its own process. */
export function executedCommands(attempts: readonly Attempt[]): Set<string> {
  const names = new Set<string>();
  for (const { kind, path, args } of attempts) {
    if (kind !== 'exec') continue;
    const name = path.split('/').at(-1)!;
    names.add(name);
    if (name === 'nsenter') {
      const inner = args.slice(args.indexOf(END_OF_OPTIONS) + 1);
      const at = inner[0] === 'timeout' ? 2 : 0;
      if (inner[0] !== undefined) names.add(inner[0].split('/').at(-1)!);
      if (inner[at] !== undefined) names.add(inner[at].split('/').at(-1)!);
    }
  }
  return names;
}

/** What the programs themselves say when a command is not there: Go's os/exec, and dash. */
const MISSING = [/exec: \\?"([^"\\]+)\\?": executable file not found/g, /sh: \d+: (\S+): not found/g];

/** Names of commands that a host's output says are missing. Less than what is watched: a program need not say so. */
export function missingCommands(log: string): Set<string> {
  return new Set(MISSING.flatMap((pattern) => [...log.matchAll(pattern)].map((match) => match[1]!)));
}

/** Go's package flag on a flag that a program does not have. */
const UNKNOWN_FLAG = /flag provided but not defined: (-\S+)/g;

/** Flags that a host's programs were called with and do not have. */
export function unknownFlags(log: string): Set<string> {
  return new Set([...log.matchAll(UNKNOWN_FLAG)].map((match) => match[1]!));
}
