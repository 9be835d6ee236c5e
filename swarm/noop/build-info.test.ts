import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readGoProgram } from './build-info.ts';

const folder = mkdtempSync(join(tmpdir(), 'build-info-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function program(...parts: (Buffer | string)[]): string {
  const path = join(folder, 'program');
  writeFileSync(path, Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  return path;
}

function lengthOf(bytes: number): Buffer {
  const out: number[] = [];
  let rest = bytes;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) | 0x80);
  return Buffer.from([...out, rest]);
}

/** As Go's linker writes it: a header of 32 bytes at an offset that 16 divides. */
function buildInfo(version: string, modules: string): Buffer {
  const header = Buffer.alloc(32);
  header.write('\xff Go buildinf:', 'latin1');
  header[14] = 8;
  header[15] = 2;
  const text = Buffer.from(`0123456789abcdef${modules}fedcba9876543210`);
  return Buffer.concat([header, lengthOf(version.length), Buffer.from(version), lengthOf(text.length), text]);
}

const MODULES = [
  'path\texample.com/agent/main',
  'mod\texample.com/agent\t(devel)\t',
  'dep\texample.com/service/models\tv0.0.0\t',
  '=>\texample.com/service/models\tv0.0.0-2025-abc\th1:x=',
  'build\t-buildmode=exe',
  'build\tvcs.revision=a272a11d',
].join('\n');

describe('a Go program', () => {
  it('says what it was built of', () => {
    const { build } = readGoProgram(program(Buffer.alloc(48, 7), buildInfo('go1.24.1', MODULES), 'rest'));
    expect(build).toMatchObject({ goVersion: 'go1.24.1', path: 'example.com/agent/main', revision: 'a272a11d' });
    expect(build?.modules.get('example.com/service/models')).toBe('v0.0.0-2025-abc');
  });

  it('carries the words of its enumerations', () => {
    const { lists } = readGoProgram(
      program('x["install","logs-gather"]y["Writing image to disk"]["a\\"b"]["1"]["open'),
    );
    expect(lists).toEqual([['install', 'logs-gather'], ['Writing image to disk']]);
  });

  it('that says nothing is read all the same, and so is one that is cut', () => {
    expect(readGoProgram(program('#!/bin/sh\n')).build).toBeNull();
    const whole = buildInfo('go1.24.1', MODULES);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(readGoProgram(program(whole.subarray(0, length))).build).toBeNull();
      }),
    );
  });
});
