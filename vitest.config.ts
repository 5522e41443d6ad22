import { defineConfig } from 'vitest/config';
import { SummaryLineReporter } from './test/support/reporter.js';

// The tests run what is shipped: `npm test` compiles first, and the compiled tests import the
// compiled sources, so that child processes and inference threads start from the same files.
export default defineConfig({
  test: {
    include: ['dist/test/**/*.test.js'],
    // They have a configuration of their own: npm run test:gpu.
    exclude: ['dist/test/gpu/**'],
    globalSetup: ['./test/support/global-setup.ts'],
    // A machine that does other work too may need several times what a quiet one does.
    testTimeout: 150_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', new SummaryLineReporter()],
  },
});
