import fc from 'fast-check';
import { describe, it } from 'vitest';

import { storms } from './events.js';
import { StormRun } from './storm.js';

describe('the router in a storm', () => {
  it(
    'does what the rules allow after every event, and ends with nothing held',
    { timeout: 300_000 },
    async () => {
      const property = fc.asyncProperty(storms, async (storm) => {
        const run = new StormRun(storm);
        for (const event of storm.events) await run.run(event);
        await run.end();
      });
      // To shrink a storm takes minutes: leave out `endOnFailure` when you look for a cause.
      await fc.assert(property, { seed: 5, numRuns: 300, endOnFailure: true });
    },
  );
});
