/** Nodes of one operator that ran on the CPU. */
export interface OperatorCount {
  /** ONNX's name of it, such as `Conv`. */
  readonly operator: string;
  /** How many nodes of the graphs; at least 1. */
  readonly count: number;
}

/** Where the nodes of a replica's graphs ran, as onnxruntime's profile of its warm-up tells. */
export interface Placement {
  /** The execution provider that the graphs were opened on: `cpu` or `cuda`. */
  readonly provider: string;
  /**
   * Share of the nodes that ran on the device, 0–1; on a CPU device all nodes do. Absent where
   * nothing was measured: before the first run, or if there is no profile of it.
   */
  readonly deviceShare?: number;
  /** How many nodes each provider ran, by its short name; empty where nothing was measured. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Those that ran on the CPU though the device is a GPU, most frequent first. */
  readonly cpuOperators: readonly OperatorCount[];
}
