/** What shells offer, asked of the shells themselves. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeUnless, lackOf } from '../../model/testing/needs.ts';
import { CLI_ENV, MAIN } from './testing/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-completion-'));
const RUNS = ['20261121-143000-9f3a', '20261122-080000-00aa'];

function execute(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...CLI_ENV, HOME: folder };
    execFile(program, args, { cwd: folder, env }, (error, stdout, stderr) => {
      if (error || stderr !== '') reject(error ?? new Error(stderr));
      else resolve(stdout);
    });
  });
}

beforeAll(async () => {
  for (const run of RUNS) {
    mkdirSync(join(folder, 'runs', run), { recursive: true });
    writeFileSync(join(folder, 'runs', run, 'ledger.ndjson'), '');
  }
  mkdirSync(join(folder, 'runs/no-run'));
  mkdirSync(join(folder, 'kept elsewhere/other-run'), { recursive: true });
  writeFileSync(join(folder, 'kept elsewhere/other-run/ledger.ndjson'), '');
  writeFileSync(join(folder, 'my plan.yaml'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    writeFileSync(join(folder, shell), await execute(process.execPath, [MAIN, 'completion', shell]));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const lines = (text: string) => text.split('\n').filter(Boolean);

/** What bash offers after these words, the last of which is being typed. */
async function bash(...words: string[]): Promise<string[]> {
  const script = `source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _swarm; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(await execute('bash', ['-c', script, 'bash', ...words]));
}

/** The same of zsh, whose own functions only print what they are handed. */
async function zsh(...words: string[]): Promise<string[]> {
  const script = `
    compdef() { : }
    _files() { [[ "$1" == -/ ]] && print -l *(/) || print -l * }
    compset() { PREFIX="\${PREFIX#*=}" }
    compadd() { print -l -- \${(P)2} }
    _describe() { print -l -- "\${(@)\${(P)4}%%:*}" }
    source ./zsh
    words=("$@"); CURRENT=$#; PREFIX="\${words[CURRENT]}"
    _swarm | while read -r line; do [[ "$line" == "$PREFIX"* || "$PREFIX" == *=* ]] && print -r -- "$line"; done; true`;
  return lines(await execute('zsh', ['-f', '-c', script, 'zsh', ...words]));
}

/** The same of fish, without descriptions. */
async function fish(...words: string[]): Promise<string[]> {
  const line = words.map((word) => word.replaceAll(' ', '\\ ')).join(' ');
  const script = `source ./fish; complete -C (string join ' ' -- $argv)`;
  return lines(await execute('fish', ['--no-config', '-c', script, line])).map((text) => text.split('\t')[0]!);
}

const ENUMERATED = ['correct', 'incorrect', 'openshift-internal'];

describeUnless(lackOf('bash'), 'completion of bash', {}, () => {
  it('knows values of options, and where there is nothing to offer', async () => {
    expect(await bash('swarm', 'backup', 'run', '--dwoc-config-type', '')).toEqual(ENUMERATED);
    expect(await bash('swarm', 'launch', '--agent', '')).toEqual(['native', 'noop']);
    expect(await bash('swarm', 'launch', '--spoke-profile', 'q')).toEqual(['quick']);
    expect(await bash('swarm', 'mock', 'kube', '--world', '=', 'h')).toEqual(['hub']);
    for (const option of ['--seed', '--hold', '--workers', '--service']) {
      expect(await bash('swarm', 'run', option, ''), option).toEqual([]);
    }
  });

  it('offers files for plans, with spaces too, and folders for folders', async () => {
    expect(await bash('swarm', 'run', 'm')).toEqual(['my plan.yaml']);
    expect(await bash('swarm', 'plan', 'check', 'm')).toEqual(['my plan.yaml']);
    expect(await bash('swarm', 'manifests', 'render', '--values', 'm')).toEqual(['my plan.yaml']);
    expect((await bash('swarm', 'run', '--out', '')).toSorted()).toEqual(['kept elsewhere', 'runs']);
    expect((await bash('swarm', 'run', '--out', '=')).toSorted()).toEqual(['kept elsewhere', 'runs']);
    expect(await bash('swarm', 'runs', '')).toEqual([]);
  });

  it('offers runs by their ids, of the folder that --out names', async () => {
    for (const command of ['clean', 'drift']) {
      expect(await bash('swarm', command, '2026')).toEqual(RUNS);
      expect(await bash('swarm', command, '--out', 'kept elsewhere', 'o')).toEqual(['other-run']);
      expect(await bash('swarm', command, '--out', '=', 'kept elsewhere', 'o')).toEqual(['other-run']);
    }
  });

  it('offers commands to be helped with', async () => {
    expect(await bash('swarm', 'help', 'ru')).toEqual(['run', 'runs']);
    expect(await bash('swarm', 'plan', 'help', '')).toEqual(['show', 'check', 'schema']);
  });
});

describeUnless(lackOf('zsh'), 'completion of zsh', {}, () => {
  it('knows commands, options, values, files and runs', async () => {
    expect(await zsh('swarm', 'plan', 's')).toEqual(['show', 'schema']);
    expect(await zsh('swarm', 'run', '--s')).toEqual(['--seed', '--service', '--speed', '--shard', '--start-at']);
    expect(await zsh('swarm', 'backup', 'run', '--dwoc-config-type', '')).toEqual(ENUMERATED);
    expect(await zsh('swarm', 'backup', 'run', '--dwoc-config-type=')).toEqual(ENUMERATED);
    expect(await zsh('swarm', 'run', '--seed', '')).toEqual([]);
    expect(await zsh('swarm', 'run', 'm')).toEqual(['my plan.yaml']);
    expect(await zsh('swarm', 'run', '--out', '')).toEqual(['kept elsewhere', 'runs']);
    expect(await zsh('swarm', 'clean', '2026')).toEqual(RUNS);
    expect(await zsh('swarm', 'clean', '--out', 'kept elsewhere', 'o')).toEqual(['other-run']);
    expect(await zsh('swarm', 'help', 'ru')).toEqual(['run', 'runs']);
  });
});

describeUnless(lackOf('fish'), 'completion of fish', {}, () => {
  it('knows commands, options, values, files and runs', async () => {
    expect(await fish('swarm', 'plan', 's')).toEqual(['schema', 'show']);
    expect(await fish('swarm', 'run', '--s')).toEqual(['--seed', '--service', '--shard', '--speed', '--start-at']);
    expect(await fish('swarm', 'backup', 'run', '--dwoc-config-type', '')).toEqual(ENUMERATED);
    expect(await fish('swarm', 'backup', 'run', '--dwoc-config-type=')).toEqual(
      ENUMERATED.map((value) => `--dwoc-config-type=${value}`),
    );
    expect(await fish('swarm', 'run', '--seed', '')).toEqual([]);
    expect(await fish('swarm', 'run', 'm')).toEqual(['my plan.yaml']);
    expect(await fish('swarm', 'clean', '2026')).toEqual(RUNS);
    expect(await fish('swarm', 'clean', '--out', 'kept elsewhere', 'o')).toEqual(['other-run']);
    expect(await fish('swarm', 'help', 'ru')).toEqual(['run', 'runs']);
  });
});
