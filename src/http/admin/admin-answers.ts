import { z } from 'zod';

/** How far a restart of all workers is. */
export const reloadAnswer = z.object({
  state: z.enum(['idle', 'running', 'done', 'failed']),
  done: z.array(z.string()).describe('Workers that serve again.'),
  left: z.array(z.string()).describe('Workers whose turn is now or still to come.'),
  error: z.string().optional().describe('Why it went no further.'),
});

/** A worker that is being restarted. */
export const restartAnswer = z.object({
  status: z.literal('restarting'),
  worker: z.object({
    id: z.string(),
    was: z.string().describe('Its state at the moment of the request.'),
  }),
});
