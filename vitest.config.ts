import { defineConfig } from 'vitest/config';

// Tests import the built product (`#src/...` is dist/src): what is tested is what users and worker threads run.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});
