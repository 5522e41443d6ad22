/** A child process that is there and does nothing, where a test needs no more of it. */
import { runChild } from '../../src/protocol/child.js';

runChild(async () => ({
  vitals: () => ({ runningSteps: [], openRequests: 0 }),
  stop: async () => {},
}));
