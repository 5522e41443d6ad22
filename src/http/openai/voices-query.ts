import { z } from 'zod';

/** Query of `GET /v1/audio/voices`; anything else in it is dropped. */
export const voicesQuery = z.object({
  model: z
    .string('model must be one id.')
    .max(256, 'model must have at most 256 characters.')
    .optional()
    .describe('Only the voices of this model.'),
  legacy: z
    .enum(['true', 'false'], 'legacy must be true or false.')
    .optional()
    .describe('`true`: names only, as old clients read them.'),
});
