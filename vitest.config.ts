import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'model/**/*.test.ts',
      'manifests/**/*.test.ts',
      'swarm/**/*.test.ts',
      'service-mock/**/*.test.ts',
      'controller-mock/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
