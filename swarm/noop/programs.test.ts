import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPrograms, hostPrograms } from './programs.ts';

let folder: string;
const at = (name: string, bytes: Buffer | string, mode = 0o755): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  chmodSync(path, mode);
  return path;
};
const of = (agent: string, manifests: string | null = null) => ({
  agent,
  installer: null,
  controller: null,
  manifests,
});

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'noop-programs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('stock programs', () => {
  it('are executed under the names that each answers to', () => {
    expect(hostPrograms({ agent: '/a', installer: '/i', controller: '/c', manifests: null })).toEqual({
      ...{
        agent: '/a',
        next_step_runner: '/a',
        inventory: '/a',
        free_addresses: '/a',
        logs_sender: '/a',
        disk_speed_check: '/a',
      },
      ...{ installer: '/i', 'assisted-installer-controller': '/c' },
    });
  });

  it('are looked at before a host is made', () => {
    const elf = readFileSync(process.execPath).subarray(0, 64);
    const foreign = Buffer.from(elf);
    foreign.writeUInt16LE(0xf3, 18);
    expect(() => checkPrograms(of(process.execPath))).not.toThrow();
    expect(() => checkPrograms(of('/nowhere/agent'))).toThrow('programs.agent is /nowhere/agent, which does not exist');
    expect(() => checkPrograms(of(folder))).toThrow(/is not a file$/);
    expect(() => checkPrograms(of(at('script', '#!/bin/sh\nexit 0\n')))).toThrow(/is not a Linux executable$/);
    expect(() => checkPrograms(of(at('empty', '')))).toThrow(/is not a Linux executable$/);
    expect(() => checkPrograms(of(at('foreign', foreign)))).toThrow(/was built for another architecture than /);
    const others = at('others', elf, 0o750);
    if (process.getuid?.() === 0) {
      chownSync(others, 65534, 65534);
      expect(() => checkPrograms(of(others))).toThrow(/belongs to another user and is not for all to execute/);
    }
    expect(() => checkPrograms({ ...of(process.execPath), installer: '/nowhere' })).toThrow(
      /^programs.installer is \/nowhere/,
    );
    expect(() => checkPrograms(of(process.execPath, folder))).toThrow(
      /has no assisted-installer-controller-pod.yaml.template/,
    );
  });
});
