import type { Precision } from '../../protocol/precision.js';
import type { ModelCard } from '../card.js';
import { buildKokoroGraph, TIMED_GRAPH_FORMAT } from '../kokoro/build.js';
import { buildPiperCut } from '../piper/build.js';
import { CUT_FORMAT } from '../piper/cut-file.js';
import { HALF_FORMAT } from '../piper/half-file.js';
import { buildWhisperGraph, GRAPH_FORMAT } from '../whisper/build.js';

/** How the graphs of a model family are made from its weights. */
export interface Builder {
  /** Changes when what it builds changes. */
  readonly version: string;
  /** The same of variants that may change without the others. */
  readonly variantVersions?: Readonly<Partial<Record<Precision, string>>>;
  build(options: {
    readonly modelDir: string;
    /** The variants to make now; graphs of others are left as they are. */
    readonly precisions: readonly Precision[];
    readonly onProgress: (progress: { readonly doneBytes: number }) => void;
  }): Promise<void>;
}

/** The builders that cards may name. */
export type BuilderTable = Readonly<Record<NonNullable<ModelCard['build']>['kind'], Builder>>;

/** The builders of this program. */
export const BUILDERS: BuilderTable = {
  'whisper-graph': { version: String(GRAPH_FORMAT), build: buildWhisperGraph },
  'kokoro-graph': { version: String(TIMED_GRAPH_FORMAT), build: buildKokoroGraph },
  'piper-cut': {
    version: String(CUT_FORMAT),
    variantVersions: { fp16: `${CUT_FORMAT} ${HALF_FORMAT}` },
    build: buildPiperCut,
  },
};
