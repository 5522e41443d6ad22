/** The parts of the bench, in the order in which they run. */
export const NLS_PARTS = ['transcriber', 'flowing', 'sockets'] as const;

/** One part of the bench. */
export type NlsPart = (typeof NLS_PARTS)[number];

/** What `bench nls` can be told. */
export interface NlsBenchOptions {
  readonly parts: readonly NlsPart[];
  readonly rounds: number;
  readonly modelsDir: string;
  readonly cpus: string | undefined;
  readonly model: string;
  readonly streams: number;
  readonly seconds: number;
  readonly staggerSeconds: number;
  readonly gapSeconds: number;
  readonly silenceMs: number;
  readonly messageMs: number;
  readonly pairs: number;
  readonly sentences: number;
  readonly pieceMs: number;
  readonly sockets: number;
  readonly messagesPerSecond: number;
  readonly profile: string | undefined;
}
