/** Commands that documents and help texts show are ones that there are, with options that they have and examples that are there. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cli } from './testing/cli.ts';

const ROOT = join(import.meta.dirname, '../..');
const cli = new Cli();
afterAll(() => cli.killAll());

/** Options of each command by its path; '' is the program. */
const options = new Map<string, Set<string>>([['', new Set()]]);

beforeAll(async () => {
  // The script for fish has one line for each command and each option.
  const { stdout } = await cli.run('completion', 'fish');
  const RULE = /^complete -c swarm -n '__fish_swarm_at '\\''(.*?)'\\''' -(a|l) '([^']*)'/gm;
  for (const [, path = '', kind, word = ''] of stdout.matchAll(RULE)) {
    if (kind === 'l') options.set(path, (options.get(path) ?? new Set()).add(word));
    else if (!options.has(`${path} ${word}`.trim())) options.set(`${path} ${word}`.trim(), new Set());
  }
});

/** What is wrong with one command line; null for nothing. */
function fault(line: string): string | null {
  const words = line.split(/\s+/).filter(Boolean);
  let path = '';
  for (const word of words) {
    const next = `${path} ${word}`.trim();
    if (options.has(next)) path = next;
    else if (/^--\w/.test(word)) {
      const name = word.slice(2).split('=')[0]!;
      if (name !== 'help' && !options.get(path)!.has(name)) return `swarm ${path} has no --${name}`;
    } else if (path === '' && /^[a-z]/.test(word)) return `there is no swarm ${word}`;
    if (/^examples\/.*\w$/.test(word) && !existsSync(join(ROOT, word))) return `there is no ${word}`;
  }
  return null;
}

it('are told from others', () => {
  expect(fault('run plan.yaml --seed 7')).toBeNull();
  expect(fault('run plan.yaml --sead 7')).toBe('swarm run has no --sead');
  expect(fault('walk')).toBe('there is no swarm walk');
  expect(fault('run examples/none.yaml')).toBe('there is no examples/none.yaml');
});

it('exist as they are shown', () => {
  const files = ['README.md', 'docs/*.md', 'patches/README.md', 'bench/README.md', 'swarm/commands/*.ts'];
  const shown: { file: string; line: string }[] = [];
  for (const file of files.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))) {
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll('\\\n', ' ');
    const commands = file.endsWith('.md')
      ? /(?:^(?:[A-Z]+=\S+ )?|`|swarm -- )(?:npm run (?:-s )?)?swarm (?:-- )?([a-z-][^`#|>;\n]*)/gm
      : /^ {2}swarm ([a-z][^`#|>;\n]*?)(?: {2,}.*)?$/gm;
    for (const [, line = ''] of text.matchAll(commands)) shown.push({ file, line });
  }
  const unit = readFileSync(join(ROOT, 'deploy/systemd/assisted-swarm.service'), 'utf8');
  shown.push({ file: 'the systemd unit', line: /^ExecStart=\S+\/swarm (.*)$/m.exec(unit)![1]! });
  expect(shown.length).toBeGreaterThan(100);
  const faults = shown.flatMap(({ file, line }) => {
    const wrong = fault(line);
    return wrong === null ? [] : [`${file}: ${wrong}: swarm ${line.trim()}`];
  });
  expect(faults).toEqual([]);
});
