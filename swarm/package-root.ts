/** The folder that holds package.json and examples/, above source and compiled program alike. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @throws Error when the program was torn out of its package. */
export function packageRoot(): string {
  return findPackage().root;
}

/** `version` of package.json. */
export function programVersion(): string {
  return findPackage().version;
}

function findPackage(): { root: string; version: string } {
  for (let root = import.meta.dirname; ; root = dirname(root)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
      if (name === 'assisted-swarm') return { root, version };
    } catch {
      // No package file here; look above.
    }
    if (root === dirname(root)) {
      throw new Error(`package.json of assisted-swarm is not above ${import.meta.dirname}; install the whole package`);
    }
  }
}
