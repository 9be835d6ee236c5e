import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from './package-root.ts';

const root = packageRoot();
const ROOMS = [
  'model',
  'swarm',
  'service-mock',
  'controller-mock',
  'manifests',
  'patches',
  'bench',
  'deploy',
  'docs',
  'examples',
];
const NAMED = new RegExp(`\`((?:${ROOMS.join('|')})/[\\w./-]+)\``, 'g');

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  'deploy/README.md',
  'patches/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test.each(pages)('files and folders that %s names are there', (page) => {
  const named = [...readFileSync(join(root, page), 'utf8').matchAll(NAMED)].map(([, path]) => path!);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
