/** What a series is: its kind, its labels, its meaning. Units are in the name, as Prometheus has it. */
export interface SeriesRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** One sentence, also on the page that `/metrics` is. */
  readonly help: string;
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

/** Series by name. */
export type SeriesTable = Readonly<Record<string, SeriesRow>>;
