import { join } from 'node:path';

import { modelsFolder } from '../support/models.js';
import type { CommonOptions } from '../support/options.js';

/** The parts of `bench asr`. */
export const ASR_SERIES = ['long', 'short', 'clients', 'loaded', 'silence', 'memory'] as const;

/** One of {@link ASR_SERIES}. */
export type AsrSeries = (typeof ASR_SERIES)[number];

/** What `bench asr` can be told. */
export interface AsrBenchOptions extends CommonOptions {
  readonly series: readonly AsrSeries[];
  readonly model: string;
  readonly computeType: string;
  readonly clients: number;
  readonly limit: number | undefined;
  readonly hours: number;
}

/** The same with all places found. */
export interface AsrPlan extends Omit<AsrBenchOptions, 'modelsDir'> {
  readonly modelsDir: string;
  /** Folder of the peer's weights. */
  readonly weights: string;
  readonly language: string;
  readonly speechDir: string | undefined;
}

/** Completes what the command line says by what the environment says. */
export function asrPlan(options: AsrBenchOptions): AsrPlan {
  const modelsDir = modelsFolder(options.modelsDir);
  const speechDir = process.env['SPEECH_DIR'];
  return {
    ...options,
    modelsDir,
    weights: join(modelsDir, options.model),
    // All texts are English; neither side has to find out.
    language: 'en',
    speechDir: speechDir === '' ? undefined : speechDir,
  };
}
