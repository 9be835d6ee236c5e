/** Shell completion, generated from the commands themselves, so that it cannot fall behind them. */
import { Argument, Command } from 'commander';
import { EXIT } from './exit.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** One command with what may follow it. */
interface Node {
  /** Names below the program, '' for the program itself, e.g. `plan show`. */
  path: string;
  commands: { name: string; summary: string }[];
  /** `values`: those that there are where they are few; empty when files may follow. */
  options: { long: string; summary: string; takesValue: boolean; values: readonly string[] }[];
  /** Values of its argument when it is one of a few; null when files may follow. */
  choices: readonly string[] | null;
  takesFiles: boolean;
}

/** `swarm completion` */
export function completionCommand(finish: (code: number) => void): Command {
  return new Command('completion')
    .summary('print a completion script for a shell')
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
  const help = command.createHelp();
  const node: Node = {
    path,
    commands: below.map((one) => ({ name: one.name(), summary: one.summary() })),
    options: help
      .visibleOptions(command)
      .filter((option) => option.long)
      .map((option) => ({
        long: option.long!,
        summary: option.description,
        takesValue: option.required || option.optional,
        values: option.argChoices ?? valuesIn(option.flags),
      })),
    choices: command.registeredArguments[0]?.argChoices ?? null,
    takesFiles: command.registeredArguments.some((argument) => !argument.argChoices),
  };
  return [node, ...below.flatMap((one) => nodesOf(one, `${path} ${one.name()}`.trim()))];
}

/** `--mode <a|b>` has a and b; `<n|n%>` and `<file>` have none that could be typed. */
function valuesIn(flags: string): string[] {
  const values = /<(.+)>/.exec(flags)?.[1]?.split('|') ?? [];
  return values.length > 1 && values.every((value) => /^[a-z][a-z-]+$/.test(value)) ? values : [];
}

/** Shell code that sets `at` to the command reached so far, given each word in `word`. */
function walk(nodes: readonly Node[]): string {
  return nodes
    .flatMap(({ path, commands }) =>
      commands.map(({ name }) => `      '${path} ${name}') at='${`${path} ${name}`.trim()}' ;;`),
    )
    .join('\n');
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const SCRIPTS: Record<Shell, (nodes: readonly Node[]) => string> = {
  bash: (nodes) => `# bash completion of swarm
_swarm() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at='' word i words='' files=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$at $word" in
${walk(nodes)}
    esac
  done
  case "$at" in
${nodes
  .map(({ path, commands, options, choices, takesFiles }) => {
    const words = [...commands.map(({ name }) => name), ...(choices ?? [])].join(' ');
    const chosen = options.filter(({ values }) => values.length > 0);
    const others = options.filter((option) => option.takesValue && option.values.length === 0).map(({ long }) => long);
    const cases = [
      ...chosen.map(({ long, values }) => `${long}) words=${quote(values.join(' '))}; files='' ;;`),
      ...(others.length > 0 ? [`${others.join('|')}) words=''; files=1 ;;`] : []),
    ];
    const valueFiles = cases.length > 0 ? `; case "$prev" in ${cases.join(' ')} esac` : '';
    const flags = options.map(({ long }) => long).join(' ');
    return `    ${quote(path)}) words=${quote(words)}${takesFiles ? '; files=1' : ''}; [[ "$cur" == -* ]] && words=${quote(flags)}${valueFiles} ;;`;
  })
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ -n "$files" && "$cur" != -* ]]; then COMPREPLY+=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _swarm swarm
`,

  zsh: (nodes) => `#compdef swarm
# zsh completion of swarm
_swarm() {
  local at='' word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
${walk(nodes)}
    esac
  done
  local -a items options values
  local files=''
  case "$at" in
${nodes
  .map(({ path, commands, options, choices, takesFiles }) => {
    const described = (name: string, summary: string) => quote(`${name.replaceAll(':', '\\:')}:${summary}`);
    const items = [
      ...commands.map(({ name, summary }) => described(name, summary)),
      ...(choices ?? []).map((choice) => described(choice, 'shell')),
    ].join(' ');
    const flags = options.map(({ long, summary }) => described(long, summary)).join(' ');
    const chosen = options.filter(({ values }) => values.length > 0);
    const cases = chosen.map(({ long, values }) => `${long}) values=(${values.join(' ')}) ;;`);
    const values = cases.length > 0 ? `; case "\${words[CURRENT-1]}" in ${cases.join(' ')} esac` : '';
    return `    ${quote(path)}) items=(${items}); options=(${flags})${takesFiles ? '; files=1' : ''}${values} ;;`;
  })
  .join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -t options option options
  elif (( \${#values} )); then
    compadd -a values
  else
    (( \${#items} )) && _describe -t commands command items
    [[ -n "$files" || "\${words[CURRENT-1]}" == --* ]] && _files
  fi
}
if [[ "\${funcstack[1]}" == _swarm ]]; then _swarm "$@"; else compdef _swarm swarm; fi
`,

  fish: (nodes) => `# fish completion of swarm
function __fish_swarm_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
${nodes
  .flatMap(({ path, commands }) =>
    commands.map(
      ({ name }) =>
        `            case ${quote(`${path} ${name}`)}\n                set at ${quote(`${path} ${name}`.trim())}`,
    ),
  )
  .join('\n')}
        end
    end
    test "$at" = "$argv[1]"
end
complete -c swarm -f
${nodes
  .flatMap(({ path, commands, options, choices, takesFiles }) => {
    const when = `complete -c swarm -n ${quote(`__fish_swarm_at ${quote(path)}`)}`;
    return [
      ...commands.map(({ name, summary }) => `${when} -a ${quote(name)} -d ${quote(summary)}`),
      ...(choices ?? []).map((choice) => `${when} -a ${quote(choice)}`),
      ...options.map(({ long, summary, takesValue, values }) => {
        const value = values.length > 0 ? ` -x -a ${quote(values.join(' '))}` : takesValue ? ' -r -F' : '';
        return `${when} -l ${quote(long.slice(2))} -d ${quote(summary)}${value}`;
      }),
      ...(takesFiles ? [`${when} -F`] : []),
    ];
  })
  .join('\n')}
`,
};
