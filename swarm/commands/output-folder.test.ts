import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from './exit.ts';
import { prepareOutputFolder } from './output-folder.ts';

describe('folder for runs', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'swarm-out-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is made with what is missing above it, and taken as it is when it is there', () => {
    const folder = join(root, 'a', 'b');
    prepareOutputFolder(folder);
    expect(existsSync(folder)).toBe(true);
    prepareOutputFolder(folder);
  });

  it('is refused in words when it is a file, below a file, or cannot be made', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(() => prepareOutputFolder(file)).toThrow(/^--out .*file is not a folder.*give a folder to write to$/);
    expect(() => prepareOutputFolder(join(file, 'runs'))).toThrow(/not a folder, or something above it is a file/);
    expect(() => prepareOutputFolder('/proc/runs/here')).toThrow(InputError);
  });
});
