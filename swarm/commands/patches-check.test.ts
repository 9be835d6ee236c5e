import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ProgramReport } from '../daemon/program-check/report.ts';
import { createStyle } from '../report/style.ts';
import { renderReport } from './patches-check.ts';
import { Cli } from './testing/cli.ts';

const cli = new Cli();
afterAll(() => cli.killAll());

describe('swarm patches check', () => {
  it.each([
    [[], /required option '--agent <file>' not specified/],
    [['--agent', 'nowhere'], /--agent is nowhere, which does not exist/],
    [['--agent', 'script'], /--agent is script, which is not a Linux executable/],
    [['--agent', 'foreign'], /--agent is foreign, which was built for another architecture than/],
    [['--agent', 'node', '--installer', 'node'], /together \(missing: --controller, --controller-manifests\)/],
    [
      ['--agent', 'node', '--installer', 'node', '--controller', 'node', '--controller-manifests', '.'],
      /--controller-manifests is \., which has no assisted-installer-controller-pod/,
    ],
  ])('refuses %j', async (args, message) => {
    writeFileSync(join(cli.folder, 'script'), '#!/bin/sh\n', { mode: 0o755 });
    copyFileSync(process.execPath, join(cli.folder, 'node'));
    const foreign = Buffer.alloc(64);
    foreign.write('\x7fELF', 'latin1');
    // IBM's S/390.
    foreign.writeUInt16LE(22, 18);
    writeFileSync(join(cli.folder, 'foreign'), foreign);
    chmodSync(join(cli.folder, 'foreign'), 0o755);
    const { code, stdout, stderr } = await cli.run('patches', 'check', ...args);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('refuses a temporary folder in which no host can be', async () => {
    const { code, stderr } = await cli.start(['patches', 'check', '--agent', 'node'], { TMPDIR: '/nowhere' }).ended;
    expect(stderr).toMatch(/the temporary folder is \/nowhere, which does not exist; name another one by TMPDIR/);
    expect(code).toBe(2);
  });
});

const GOOD: ProgramReport = {
  passed: true,
  seconds: 75,
  programs: [
    {
      name: 'agent',
      path: '/agent',
      goVersion: 'go1.24.1',
      revision: 'a272a11d9',
      models: 'v1',
      knownRevisions: ['a272a11d'],
    },
  ],
  method: 'by looking',
  steps: [
    { type: 'inventory', outcome: 'ok', reason: '' },
    { type: 'install', outcome: 'not covered', reason: 'no installer' },
  ],
  stages: [],
  escaped: [],
  refused: [],
  drift: [],
  inventory: [],
  problems: [],
  notExercised: ['vgs'],
};

describe('the report', () => {
  const text = (report: ProgramReport) => renderReport(report, createStyle(false)).join('\n');

  it('says in a line each what was looked for and is not there', () => {
    expect(text(GOOD)).toBe(
      [
        'agent       /agent  go1.24.1, revision a272a11d9, service models v1',
        '',
        'ok         no commands that nobody replaces',
        '  by looking',
        'ok         no answers that refuse',
        'ok         no words and flags that have changed',
        'ok         no fields of the inventory that differ from the native agent',
        'ok         no other problems',
        'steps      1 of 2 step types were run and answered well',
        '  not covered: install (no installer)',
        'not exercised: vgs',
        '',
        'fits: nothing speaks against these programs (1:15)',
      ].join('\n'),
    );
  });

  it('says when the commands were written for other programs', () => {
    const [program] = GOOD.programs;
    const report = text({ ...GOOD, programs: [{ ...program!, revision: 'ffffffff' }] });
    expect(report).toContain('the commands were written for a272a11d');
  });

  it('names every finding', () => {
    const refusal = { method: 'PUT', path: '/p', status: 409, reason: 'no', times: 2 };
    const report = text({
      ...GOOD,
      passed: false,
      escaped: [{ command: 'frob', by: 'agent', call: 'frob --now', times: 3 }],
      refused: [
        { ...refusal, expected: '' },
        { ...refusal, expected: 'told twice' },
      ],
      drift: ['new word'],
      inventory: [{ path: 'disks[].x', stock: 'string', native: '' }],
      problems: ['it ended'],
      steps: [{ type: 'inventory', outcome: 'failed', reason: 'exit code 1' }],
      stages: [
        { stage: 'Done', hosts: 1, reason: '' },
        { stage: 'Failed', hosts: 0, reason: 'rare' },
      ],
    });
    for (const line of [
      'frob  executed by agent  3 times  frob --now',
      '  409 PUT /p (2 times): no',
      '  as expected: 409 PUT /p (2): told twice',
      '  new word',
      '  disks[].x: string; native: missing',
      '  it ended',
      '  inventory: exit code 1',
      'stages     1 of 2',
      '  not seen: Failed (rare)',
      'does not fit (1:15)',
    ])
      expect(report).toContain(line);
  });
});
