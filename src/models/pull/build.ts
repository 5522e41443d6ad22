import type { ModelCard } from '../card.js';
import { buildKokoroGraph, TIMED_GRAPH_FORMAT } from '../kokoro/build.js';
import { buildPiperCut } from '../piper/build.js';
import { CUT_FORMAT } from '../piper/cut-file.js';
import { buildWhisperGraph, GRAPH_FORMAT } from '../whisper/build.js';

/** How the graphs of a model family are made from its weights. */
export interface Builder {
  /** Changes when what it builds changes. */
  readonly version: string;
  build(options: {
    readonly modelDir: string;
    readonly onProgress: (progress: { readonly doneBytes: number }) => void;
  }): Promise<void>;
}

/** The builders that cards may name. */
export type BuilderTable = Readonly<Record<NonNullable<ModelCard['build']>['kind'], Builder>>;

/** The builders of this program. */
export const BUILDERS: BuilderTable = {
  'whisper-graph': { version: String(GRAPH_FORMAT), build: buildWhisperGraph },
  'kokoro-graph': { version: String(TIMED_GRAPH_FORMAT), build: buildKokoroGraph },
  'piper-cut': { version: String(CUT_FORMAT), build: buildPiperCut },
};

/**
 * The builders for a machine: where recognition runs on a GPU, its graphs in 16 bits are written too.
 * Whoever gets a GPU later has them after the next pull, as the builder's version is another one.
 */
export function buildersFor({ forGpu }: { readonly forGpu: boolean }): BuilderTable {
  if (!forGpu) return BUILDERS;
  const builder: Builder = {
    version: `${GRAPH_FORMAT} gpu`,
    build: (options) => buildWhisperGraph({ ...options, forGpu }),
  };
  return { ...BUILDERS, 'whisper-graph': builder };
}
