import { describe, expect, it } from 'vitest';
import { HOST_STAGES, STEP_TYPES } from '../../../model/protocol/states.ts';
import { inventoryDifferences } from './inventory-fields.ts';
import {
  checkedProgram,
  checkSources,
  expectedRefusal,
  isPassed,
  missingStages,
  stageOutcomes,
  stepOutcomes,
  unknownWords,
} from './report.ts';
import { replyFault, StepScript } from './step-script.ts';

const reply = (step_type: string, output: unknown, exit_code = 0, status = 204) => ({
  ...{ host: 'h', step_id: 's', error: 'broken', step_type, exit_code, status },
  output: typeof output === 'string' ? output : JSON.stringify(output),
});

describe('a reply to a step', () => {
  it.each([
    [reply('ntp-synchronizer', { ntp_sources: [] }), null],
    [reply('stop-installation', 'whatever'), null],
    [reply('verify-vips', []), null],
    [reply('verify-vips', {}), /of the type object, not array/],
    [reply('ntp-synchronizer', { ntp_sources: 'none' }), /no ntp_sources \(array\)/],
    [reply('ntp-synchronizer', 'ntp_sour'), /is not JSON: ntp_sour/],
    [reply('inventory', '', -1), /exit code -1: broken/],
    [reply('ntp-synchronizer', '{}', 0, 400), /no ntp_sources .*; the service refused the reply with 400/],
    [reply('stop-installation', '', 0, 500), /^the service refused the reply with 500$/],
    [reply('dance', '{}'), /no step of the type "dance"/],
  ])('%o is judged', (given, fault) => {
    if (fault === null) expect(replyFault(given)).toBeNull();
    else expect(replyFault(given)).toMatch(fault);
  });
});

describe('the script of steps', () => {
  const subject = { hostId: 'h', infraEnvId: 'i', clusterId: 'c', agentImage: 'image' };

  it('goes on when a step was answered, and when it was not for long', () => {
    let now = 0;
    const script = new StepScript(() => now);
    const first = script.next(subject, 'http://here')!;
    expect(first.args[0]).toContain('http://here/swarm/tang');
    expect(script.isOwn(first.step_id)).toBe(true);
    expect(script.isOwn('other')).toBe(false);
    expect(script.next(subject, 'http://here')).toBeNull();
    script.answered({ step_id: 'other' });
    expect(script.next(subject, 'http://here')).toBeNull();
    script.answered(first);
    const second = script.next(subject, 'http://here')!;
    expect(second.step_type).not.toBe(first.step_type);
    now = 10 * 60_000;
    expect(script.next(subject, 'http://here')).not.toBeNull();
    expect(script.unanswered).toEqual([second.step_type]);
    expect(script.done).toBe(false);
    for (let step = script.next(subject, ''); !script.done; step = script.next(subject, '')) {
      now += 10 * 60_000;
      if (step) script.answered(step);
    }
  });
});

describe('an inventory', () => {
  it('differs by fields and types, not by values', () => {
    const stock = { a: 1, disks: [{ id: 'x' }, { id: 'y', smart: '' }], gone: null };
    const native = { a: 2, disks: [{ id: 1 }], more: [] };
    expect(inventoryDifferences(stock, stock)).toEqual([]);
    expect(inventoryDifferences(stock, native)).toEqual([
      { path: 'disks[].id', stock: 'string', native: 'number' },
      { path: 'disks[].smart', stock: 'string', native: '' },
      { path: 'gone', stock: 'null', native: '' },
      { path: 'more', stock: '', native: 'array' },
    ]);
  });
});

describe('a report', () => {
  it('names words that are new upstream', () => {
    const lists = [
      [...STEP_TYPES, 'execute', 'brew-coffee'],
      [...HOST_STAGES, 'Resting'],
      ['install', 'other'],
    ];
    expect(unknownWords('agent', { build: null, lists })).toEqual([
      'agent knows the step type "brew-coffee", which is not known here',
      'agent knows the stage "Resting", which is not known here',
    ]);
  });

  it('refuses the program of other sources, and knows for which ones commands were written', () => {
    const sources = 'github.com/openshift/assisted-installer';
    const build = { goVersion: 'go1', path: '', revision: 'ab', modules: new Map([[sources, '(devel)']]) };
    expect(() => checkSources('agent', '/x', build)).toThrow(/programs.agent is \/x, which was built of .*installer;/);
    expect(() => checkSources('installer', '/x', build)).not.toThrow();
    expect(() => checkSources('agent', '/x', null)).not.toThrow();
    const patches = ['#!/usr/bin/sh\n# Versions: agent 12345678, installer 87654321\n', '# Versions: agent 12345678\n'];
    expect(checkedProgram('agent', '/x', build, patches)).toMatchObject({
      knownRevisions: ['12345678'],
      revision: 'ab',
    });
    expect(checkedProgram('controller', '/x', null, patches)).toMatchObject({ knownRevisions: ['87654321'] });
  });

  it('tells a step that failed from one that was not covered, and says why', () => {
    const faults = new Map([
      ['inventory', null],
      ['ntp-synchronizer', 'odd'],
    ]);
    const outcomes = stepOutcomes(faults, ['logs-gather'], { install: 'no installer' });
    const of = (type: string) => outcomes.find((one) => one.type === type);
    expect(of('inventory')?.outcome).toBe('ok');
    expect(of('ntp-synchronizer')).toMatchObject({ outcome: 'failed', reason: 'odd' });
    expect(of('logs-gather')).toMatchObject({ outcome: 'failed' });
    expect(of('install')).toMatchObject({ outcome: 'not covered', reason: 'no installer' });
    expect(outcomes).toHaveLength(STEP_TYPES.length);
  });

  it('counts the hosts of each stage, and knows which may be missing', () => {
    const stages = stageOutcomes(new Map([['Done', new Set(['a', 'b'])]]));
    expect(stages.find(({ stage }) => stage === 'Done')).toEqual({ stage: 'Done', hosts: 2, reason: '' });
    const missing = missingStages(stages);
    expect(missing).toContain('Rebooting');
    expect(missing).not.toContain('Done');
    expect(missing).not.toContain('Failed');
  });

  it('passes only without any finding', () => {
    const good = {
      ...{ seconds: 1, programs: [], method: '', steps: [], stages: [], escaped: [], refused: [] },
      ...{ drift: [], inventory: [], problems: [], notExercised: ['x'] },
    };
    const refusal = { method: 'PUT', path: '/v2/x/progress', status: 409, reason: '', times: 1 };
    expect(isPassed(good)).toBe(true);
    expect(isPassed({ ...good, refused: [{ ...refusal, expected: expectedRefusal(refusal) }] })).toBe(true);
    expect(isPassed({ ...good, refused: [{ ...refusal, status: 400, expected: '' }] })).toBe(false);
    expect(isPassed({ ...good, escaped: [{ command: 'x', by: '', call: '', times: 1 }] })).toBe(false);
    expect(isPassed({ ...good, steps: [{ type: 'x', outcome: 'failed', reason: '' }] })).toBe(false);
    expect(isPassed({ ...good, drift: ['x'] })).toBe(false);
    expect(isPassed({ ...good, inventory: [{ path: 'x', stock: '', native: '' }] })).toBe(false);
    expect(isPassed({ ...good, problems: ['x'] })).toBe(false);
  });
});
