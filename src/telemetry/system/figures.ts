/** The computer's CPU as this process may use it. */
export interface CpuFigures {
  /** Share of the last seconds in which it computed, for whomever, 0–1. */
  readonly usageRatio: number | null;
  /** Cores that may be used; a container may be granted a part of one. */
  readonly cores: number | null;
}

/** A store of bytes: memory or a disk. */
export interface SpaceFigures {
  readonly totalBytes: number | null;
  readonly usedBytes: number | null;
  /** What a program can still have; less than the rest where some is kept back. */
  readonly availableBytes: number | null;
}

/** What went through the network since the computer or the container was started. */
export interface NetworkFigures {
  readonly bytesSent: number | null;
  readonly bytesReceived: number | null;
  readonly packetsSent: number | null;
  readonly packetsReceived: number | null;
}

/** The host at one moment, or the container if it has limits. What is not known is `null`. */
export interface SystemFigures {
  /** When it was sampled, milliseconds since 1970. */
  readonly atMs: number;
  readonly cpu: CpuFigures;
  readonly memory: SpaceFigures;
  readonly disk: SpaceFigures;
  readonly network: NetworkFigures;
}

/** The figures of a store about which nothing is known. */
export const UNKNOWN_SPACE: SpaceFigures = {
  totalBytes: null,
  usedBytes: null,
  availableBytes: null,
};
