import { defineConfig } from 'vitest/config';

// Tests import the built product: `#src/...` is dist/src, module by module; programs and threads that they start are the bundle, as users have it.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});
