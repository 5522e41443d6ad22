import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** How many tests came to which end. */
interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts tests; a file or a group that broke outside of its tests counts as a failed one. */
function tallyOf(modules: readonly TestModule[], unhandled: number): Tally {
  const tally: Tally = { passed: 0, failed: unhandled, skipped: 0 };
  for (const module of modules) {
    if (module.errors().length > 0) tally.failed += 1;
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) tally.failed += 1;
    }
    for (const testCase of module.children.allTests()) tally[endOf(testCase)] += 1;
  }
  return tally;
}

function endOf(testCase: TestCase): keyof Tally {
  const { state } = testCase.result();
  if (state !== 'pending') return state;
  // A test that was due and never ended was lost with its process, or with its group's set-up.
  return testCase.options.mode === 'run' ? 'failed' : 'skipped';
}

/**
 * Ends a test run with the line `N passed, N failed, N skipped`, for machines to read, and fails a
 * run in which no test ran: an empty glob or a skipped file must not look like success.
 */
export class SummaryLineReporter implements Reporter {
  #tally: Tally = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    // At exit, so that nothing (other reporters, tear-down) prints after it.
    process.once('exit', () => {
      const { passed, failed, skipped } = this.#tally;
      if (passed + failed === 0) {
        process.exitCode = 1;
        process.stderr.write('No test ran.\n');
      }
      process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    this.#tally = tallyOf(modules, unhandled.length);
  }
}
