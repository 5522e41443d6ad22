import { defineConfig } from 'vitest/config';

// What only a machine with a GPU can tell: `npm run test:gpu`. Compiled, as all tests are.
export default defineConfig({
  test: {
    include: ['dist/test/gpu/**/*.test.js'],
    globalSetup: ['./dist/test/gpu/global-setup.js'],
    pool: 'forks',
    maxWorkers: 1,
  },
});
