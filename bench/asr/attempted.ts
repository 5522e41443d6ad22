import { note, print } from '../support/report.js';

/** Does a part of a series; where it fails, says so and lets the others have their turn. */
export async function attempted(series: string, part: () => Promise<void>): Promise<void> {
  try {
    await part();
  } catch (caught) {
    const reason = caught instanceof Error ? caught.message : String(caught);
    note(`asr: ${series} failed: ${reason}`);
    print({ bench: 'asr', kind: 'failure', series, reason });
    process.exitCode = 1;
  }
}
