import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendToOwnFile, readOwnFile } from './own-file.ts';

let folder: string;
let host: string;
let outside: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-file-'));
  host = join(folder, 'host');
  outside = join(folder, 'outside');
  mkdirSync(host);
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'of the machine');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a file of a host', () => {
  it('is made with its folders, and grows', () => {
    appendToOwnFile(host, 'var/log/one.log', 'a\n');
    appendToOwnFile(host, 'var/log/one.log', 'b\n');
    expect(readFileSync(join(host, 'var/log/one.log'), 'utf8')).toBe('a\nb\n');
    expect(readOwnFile(host, 'var/log/one.log')).toBe('a\nb\n');
  });

  it('is null where there is none, and no folder is made to look', () => {
    expect(readOwnFile(host, 'opt/openshift/one')).toBeNull();
    expect(existsSync(join(host, 'opt'))).toBe(false);
  });

  it.each([
    ['a link in its place', 'secret', (at: string) => symlinkSync(join(outside, 'secret'), at)],
    ['a link to a file that is yet to be made', 'new', (at: string) => symlinkSync(join(outside, 'new'), at)],
    ['a folder in its place', 'secret', (at: string) => mkdirSync(at)],
    ['a pipe that nobody reads', 'secret', (at: string) => void execFileSync('mkfifo', [at])],
  ])('is not reached by %s', (_, name, plant) => {
    plant(join(host, name));
    expect(() => appendToOwnFile(host, name, 'x')).toThrow(/ELOOP|EISDIR|ENXIO/);
    expect(() => readOwnFile(host, name)).toThrow(/ELOOP|is not a file/);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('of the machine');
    expect(existsSync(join(outside, 'new'))).toBe(false);
  });

  it('is not reached by a folder that is a link', () => {
    mkdirSync(join(host, 'var'));
    symlinkSync(outside, join(host, 'var/log'));
    expect(() => appendToOwnFile(host, 'var/log/secret', 'x')).toThrow(/ENOTDIR|ELOOP/);
    expect(() => appendToOwnFile(host, 'var/log/below/secret', 'x')).toThrow(/ENOTDIR|ELOOP/);
    expect(() => readOwnFile(host, 'var/log/secret')).toThrow(/ENOTDIR|ELOOP/);
    expect(existsSync(join(outside, 'below'))).toBe(false);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('of the machine');
  });
});
