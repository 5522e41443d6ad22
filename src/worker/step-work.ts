import type { WatchStep } from './told-steps.js';

/** How much was computed: for one call, or since somebody last asked. */
export interface StepWork {
  steps: number;
  stepMs: number;
}

/** No work at all. */
export function noWork(): StepWork {
  return { steps: 0, stepMs: 0 };
}

/**
 * Adds each step that has run to some accounts, and tells whoever else watches. Of the time of steps
 * that ran together each has its share.
 */
export function countSteps(accounts: readonly StepWork[], watch?: WatchStep): WatchStep {
  return (replica, together = 1) => {
    const onEnd = watch?.(replica, together);
    const startedAtMs = performance.now();
    return () => {
      const stepMs = (performance.now() - startedAtMs) / together;
      for (const account of accounts) {
        account.steps += 1;
        account.stepMs += stepMs;
      }
      onEnd?.();
    };
  };
}
