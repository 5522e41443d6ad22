/** A worker that becomes ready and then never listens again, as one does that hangs in native code. */
import { writeSync } from 'node:fs';

import { runChild } from '../../src/protocol/child.js';

function block(): void {
  writeSync(2, `blocked ${process.pid}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

runChild(async () => {
  // The frame says `ready` when this function has returned; that goes out before this turn ends.
  setImmediate(block);
  return { vitals: () => ({ runningSteps: [], openRequests: 0 }), stop: async () => {} };
});
