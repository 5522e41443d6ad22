import { z } from 'zod';

/** What the probe of ONNX Runtime prints: one line of JSON. */
export const probeReportSchema = z.object({
  version: z.string(),
  /** Execution providers that the library names; those that are not bundled may be absent. */
  backends: z.array(z.string()),
  /** Why the provider did not compute; undefined = it did. */
  refusal: z.string().optional(),
});

/** A probe's report. */
export type ProbeReport = z.infer<typeof probeReportSchema>;
