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
    // Many tests wait more than they compute, for hosts that boot and services that answer.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 90_000,
    hookTimeout: 90_000,
  },
});
