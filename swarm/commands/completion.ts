/** Shell completion, generated from the commands themselves, so that it cannot fall behind them. */
import { Argument, Command } from 'commander';
import { EXIT } from './exit.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** What a value may be: one of some words, files, folders, runs, or nothing that could be listed. */
interface Values {
  words: readonly string[];
  kind: 'files' | 'folders' | 'runs' | null;
}

/** One command with what may follow it. */
interface Node {
  /** Names below the program, '' for the program itself, e.g. `plan show`. */
  path: string;
  commands: { name: string; summary: string }[];
  /** `values`: null where it takes none. */
  options: { long: string; summary: string; values: Values | null }[];
  /** Of its arguments. */
  values: Values;
}

/** `swarm completion` */
export function completionCommand(finish: (code: number) => void): Command {
  return new Command('completion')
    .description('Prints a script that completes commands and options in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  source <(swarm completion bash)
  swarm completion zsh > "\${fpath[1]}/_swarm"
  swarm completion fish > ~/.config/fish/completions/swarm.fish`,
    )
    .action((shell: Shell, _flags: object, command: Command) => {
      process.stdout.write(completionScript(command.parent!, shell));
      finish(EXIT.ok);
    });
}

/** The script for one shell. */
export function completionScript(program: Command, shell: Shell): string {
  return SCRIPTS[shell](nodesOf(program, ''));
}

function nodesOf(command: Command, path: string): Node[] {
  const below = command.commands.filter((one) => one.name() !== 'help');
  const commands = below.map((one) => ({ name: one.name(), summary: one.summary() }));
  const [argument] = command.registeredArguments;
  const node: Node = {
    path,
    commands,
    options: command
      .createHelp()
      .visibleOptions(command)
      .filter((option) => option.long)
      .map(({ long, description, flags, argChoices, required, optional }) => ({
        long: long!,
        summary: description,
        values: required || optional ? valuesOf(/<(.+)>/.exec(flags)?.[1] ?? '', argChoices) : null,
      })),
    values: valuesOf(argument?.name() ?? '', argument?.argChoices),
  };
  const help: Node = { path: `${path} help`.trim(), commands, options: [], values: { words: [], kind: null } };
  return [
    node,
    ...(commands.length > 0 ? [help] : []),
    ...below.flatMap((one) => nodesOf(one, `${path} ${one.name()}`.trim())),
  ];
}

const KINDS: Readonly<Record<string, Values['kind']>> = {
  file: 'files',
  plan: 'files',
  dir: 'folders',
  folder: 'folders',
  run: 'runs',
};

/** What stands for a value says what it may be: `<a|b>` has a and b, `<file>` is a file; `<n|n%>` could not be listed. */
function valuesOf(name: string, choices: readonly string[] | undefined): Values {
  const words = choices ?? name.split(/[|,]/);
  const listed = choices !== undefined || (words.length > 1 && words.every((word) => /^[a-z][a-z-]+$/.test(word)));
  return { words: listed ? words : [], kind: KINDS[name] ?? null };
}

/** Shell code that sets `at` to the command reached so far, given each word in `word`. */
function walk(nodes: readonly Node[], clause: (from: string, to: string) => string): string {
  return nodes
    .flatMap(({ path, commands }) => {
      // What follows `help` is a command too, of which nothing more is asked.
      const names = path === 'help' || path.endsWith(' help') ? [] : commands.map(({ name }) => name);
      if (names.length > 0) names.push('help');
      return names.map((name) => clause(quote(`${path} ${name}`), quote(`${path} ${name}`.trim())));
    })
    .join('\n');
}

const posixClause = (from: string, to: string) => `      ${from}) at=${to} ;;`;
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
/** Options that take a value. */
const takesValue = ({ options }: Node) =>
  options.flatMap(({ long, values }) => (values === null ? [] : [{ long, values }]));

function bash(nodes: readonly Node[]): string {
  const assigned = ({ words, kind }: Values) => `words=${quote(words.join(' '))}; kind=${kind ?? "''"}`;
  const cases = nodes.map((node) => {
    const { path, commands, options, values } = node;
    const words = [...commands.map(({ name }) => name), ...values.words];
    const flags = options.map(({ long }) => long).join(' ');
    const after = takesValue(node).map((option) => `${option.long}) ${assigned(option.values)} ;;`);
    return `    ${quote(path)})
      ${assigned({ words, kind: values.kind })}
      [[ "$cur" == -* ]] && { words=${quote(flags)}; kind=''; }${after.length > 0 ? `\n      case "$prev" in ${after.join(' ')} esac` : ''} ;;`;
  });
  return `# bash completion of swarm
_swarm_runs() {
  local folder
  for folder in "$1"/*/; do
    folder="\${folder%/}"
    [[ -e "$folder/ledger.ndjson" ]] && printf '%s\\n' "\${folder##*/}"
  done
}
_swarm() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at='' word i words='' kind='' out=runs
  # --option=value comes as three words.
  if [[ "$cur" == = ]]; then cur=''; elif [[ "$prev" == = ]]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ "$word" == --out ]]; then
      out="\${COMP_WORDS[i+1]}"
      [[ "$out" == = ]] && out="\${COMP_WORDS[i+2]}"
    fi
    case "$at $word" in
${walk(nodes, posixClause)}
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  [[ "$kind" == runs ]] && words="$words $(_swarm_runs "$out")"
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  local IFS=$'\\n'
  case "$kind" in
    files) COMPREPLY+=($(compgen -f -- "$cur")) ;;
    folders|runs) COMPREPLY+=($(compgen -d -- "$cur")) ;;
  esac
}
complete -o filenames -F _swarm swarm
`;
}

function zsh(nodes: readonly Node[]): string {
  const described = (name: string, summary: string) => quote(`${name.replaceAll(':', '\\:')}:${summary}`);
  const assigned = ({ words, kind }: Values) => `values=(${words.join(' ')}); kind=${kind ?? "''"}`;
  const cases = nodes.map((node) => {
    const { path, commands, options, values } = node;
    const items = commands.map(({ name, summary }) => described(name, summary)).join(' ');
    const flags = options.map(({ long, summary }) => described(long, summary)).join(' ');
    const after = takesValue(node).map((option) => `${option.long}) items=(); ${assigned(option.values)} ;;`);
    return `    ${quote(path)})
      items=(${items}); options=(${flags}); ${assigned(values)}${after.length > 0 ? `\n      case "$prev" in ${after.join(' ')} esac` : ''} ;;`;
  });
  return `#compdef swarm
# zsh completion of swarm
_swarm() {
  local at='' word prev="\${words[CURRENT-1]}" kind='' out=runs folder
  local -i i
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    [[ "$word" == --out ]] && out="\${words[i+1]}"
    [[ "$word" == --out=* ]] && out="\${word#--out=}"
    case "$at $word" in
${walk(nodes, posixClause)}
    esac
  done
  if [[ "$PREFIX" == --*=* ]]; then
    prev="\${PREFIX%%=*}"
    compset -P '*='
  fi
  local -a items options values
  case "$at" in
${cases.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -t options option options
    return
  fi
  if [[ "$kind" == runs ]]; then
    for folder in "$out"/*/ledger.ndjson(N); do values+=("\${folder:h:t}"); done
  fi
  (( \${#items} )) && _describe -t commands command items
  (( \${#values} )) && compadd -a values
  case "$kind" in
    files) _files ;;
    folders|runs) _files -/ ;;
  esac
}
if [[ "\${funcstack[1]}" == _swarm ]]; then _swarm "$@"; else compdef _swarm swarm; fi
`;
}

function fish(nodes: readonly Node[]): string {
  const listed = ({ words, kind }: Values) =>
    [
      ...words,
      ...(kind === 'runs' ? ['(__fish_swarm_runs)'] : []),
      ...(kind === 'folders' || kind === 'runs' ? ['(__fish_complete_directories)'] : []),
    ].join(' ');
  const clause = (from: string, to: string) => `            case ${from}\n                set at ${to}`;
  const rules = nodes.flatMap(({ path, commands, options, values }) => {
    const when = `complete -c swarm -n ${quote(`__fish_swarm_at ${quote(path)}`)}`;
    const own = listed(values);
    return [
      ...commands.map(({ name, summary }) => `${when} -a ${quote(name)} -d ${quote(summary)}`),
      ...(own === '' ? [] : [`${when} -a ${quote(own)}`]),
      ...(values.kind === 'files' ? [`${when} -F`] : []),
      ...options.map((option) => {
        const rule = `${when} -l ${quote(option.long.slice(2))} -d ${quote(option.summary)}`;
        if (option.values === null) return rule;
        if (option.values.kind === 'files') return `${rule} -r -F`;
        const words = listed(option.values);
        return words === '' ? `${rule} -x` : `${rule} -x -a ${quote(words)}`;
      }),
    ];
  });
  return `# fish completion of swarm
function __fish_swarm_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
${walk(nodes, clause)}
        end
    end
    test "$at" = "$argv[1]"
end
function __fish_swarm_runs
    set -l out runs
    set -l words (commandline -opc)
    for i in (seq (count $words))
        if test "$words[$i]" = --out
            set out $words[(math $i + 1)]
        else
            string match -q -- '--out=*' $words[$i]; and set out (string sub -s 7 -- $words[$i])
        end
    end
    for ledger in $out/*/ledger.ndjson
        string split -r -m2 -f2 -- / $ledger
    end
end
complete -c swarm -f
${rules.join('\n')}
`;
}

const SCRIPTS: Record<Shell, (nodes: readonly Node[]) => string> = { bash, zsh, fish };
