/** What a pull tells while it works; the command line draws it. */
export type PullEvent =
  /** One line for the operator: a source that was skipped, a wait, a repair. */
  | { readonly type: 'note'; readonly model: string; readonly message: string }
  /** How far the model's missing files are. `source` is where the present bytes come from. */
  | {
      readonly type: 'progress';
      readonly model: string;
      readonly receivedBytes: number;
      readonly totalBytes: number;
      readonly source: string;
    }
  /** A package client works; it does not say how far it is, its folder's size tells roughly. */
  | {
      readonly type: 'package';
      readonly model: string;
      readonly package: string;
      readonly folderBytes: number;
    }
  | { readonly type: 'build'; readonly model: string; readonly writtenBytes: number }
  | {
      readonly type: 'done';
      readonly model: string;
      readonly files: number;
      readonly bytes: number;
      readonly built: boolean;
    };

/** Takes the events of a pull. */
export type PullReport = (event: PullEvent) => void;
