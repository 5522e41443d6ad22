import { setFlagsFromString } from 'node:v8';

/**
 * Keeps this process small for as long as it runs: whatever is collected, all is collected. V8
 * takes no trouble over what got old as long as the heap is small beside the machine's memory, and
 * a snapshot a second lets it grow to several times what is in use. A full collection of so
 * little takes some milliseconds, and one is due every ten snapshots or so.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--gc-global');
}
