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

/**
 * What keeps a version of Node.js from running the program: package.json's `engines` says which ones can. npm only warns of it.
 * @returns a message for people, or null when it is new enough
 */
export function nodeProblem(version: string): string | null {
  const { leastNode } = findPackage();
  if (Number.parseInt(version, 10) >= leastNode) return null;
  return `Node.js ${leastNode} or later is needed, and this is ${version}; install a newer one, or put it first on PATH`;
}

function findPackage(): { root: string; version: string; leastNode: number } {
  for (let root = import.meta.dirname; ; root = dirname(root)) {
    try {
      const { name, version, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
      if (name === 'assisted-swarm') return { root, version, leastNode: Number(engines.node.replace('>=', '')) };
    } catch {
      // No package file here; look above.
    }
    if (root === dirname(root)) {
      throw new Error(`package.json of assisted-swarm is not above ${import.meta.dirname}; install the whole package`);
    }
  }
}
