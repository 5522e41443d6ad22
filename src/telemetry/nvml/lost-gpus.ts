/** A GPU may be away for one snapshot while the driver takes stock. */
const SNAPSHOTS_UNTIL_LOST = 2;

/** Remembers which GPUs there were, and which of them have fallen off the bus. */
export class LostGpus {
  /** How many snapshots in a row a GPU that was there is not in the driver's list. */
  readonly #missing = new Map<string, number>();
  readonly #lost = new Set<string>();

  /** UUIDs, in the order in which they were lost. */
  get uuids(): readonly string[] {
    return [...this.#lost];
  }

  /**
   * Takes note of a snapshot.
   * @param readable UUIDs of the GPUs that are in it.
   * @param fallen UUIDs of those of which the driver said just now that they are lost.
   */
  note(readable: readonly string[], fallen: readonly string[]): void {
    for (const [uuid, times] of this.#missing) this.#missing.set(uuid, times + 1);
    for (const uuid of [...readable, ...fallen]) this.#missing.set(uuid, 0);
    for (const [uuid, times] of this.#missing) {
      if (times >= SNAPSHOTS_UNTIL_LOST) this.#lost.add(uuid);
    }
    for (const uuid of fallen) this.#lost.add(uuid);
    for (const uuid of readable) this.#lost.delete(uuid);
  }
}
