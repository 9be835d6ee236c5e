import { describe, expect, it } from 'vitest';
import { nodeProblem } from './package-root.ts';

describe('a version of Node.js', () => {
  it.each(['24.0.0', '26.10.0', '100.0.0', process.versions.node])('%s runs the program', (version) => {
    expect(nodeProblem(version)).toBeNull();
  });

  it.each(['20.20.2', '23.11.1'])('%s is too old, and what is needed is told', (version) => {
    expect(nodeProblem(version)).toBe(
      `Node.js 24 or later is needed, and this is ${version}; install a newer one, or put it first on PATH`,
    );
  });
});
