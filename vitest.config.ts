import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Tests start many processes and threads of the program; a cache of what Node compiles halves the time of each start.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules', '.cache', 'tests');

export default defineConfig({
  test: {
    reporters: ['default', './model/testing/skipped-tests.ts'],
    include: [
      'model/**/*.test.ts',
      'manifests/**/*.test.ts',
      'swarm/**/*.test.ts',
      'service-mock/**/*.test.ts',
      'controller-mock/**/*.test.ts',
      'bench/**/*.test.ts',
      'deploy/**/*.test.ts',
    ],
    pool: 'forks',
    // Many tests wait more than they compute; the default leaves one processor alone.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
