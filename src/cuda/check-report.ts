import { z } from 'zod';

/** Answer of CUDA's runtime where there is no GPU (driver_types.h, cudaErrorNoDevice). */
export const NO_DEVICE = 100;
/** Its answer where there is no driver, or one that is too old (cudaErrorInsufficientDriver). */
export const NO_DRIVER = 35;

/** What the child process of a check prints: a line of JSON for each thing that it has tried. */
export const checkLineSchema = z.discriminatedUnion('tried', [
  z.object({
    tried: z.literal('library'),
    name: z.string(),
    /** Where the loader found it; undefined = it did not load. */
    path: z.string().optional(),
    error: z.string().optional(),
  }),
  z.object({
    tried: z.literal('devices'),
    /** Answer of `cudaGetDeviceCount`; 0 = there are some. */
    code: z.number().int(),
    count: z.number().int(),
    /** The answer in CUDA's words. */
    words: z.string(),
  }),
  z.object({
    tried: z.literal('provider'),
    /** Whether it was loaded into the process, whatever it said then. */
    loaded: z.boolean(),
    /** Why it did not compute; undefined = it did. */
    refusal: z.string().optional(),
  }),
]);

/** A line of a check's child process. */
export type CheckLine = z.infer<typeof checkLineSchema>;
