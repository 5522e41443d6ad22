import {
  type Footprint,
  footprintFor,
  type FootprintKey,
  readFootprints,
  writeFootprint,
} from '../../models/footprints.js';
import { modelBuild } from '../../models/model-build.js';
import type { Device, ModelAssignment } from '../../protocol/control.js';
import type { SlotLog } from '../life-cycle.js';

/** The place that a footprint is asked for. */
export interface FootprintPlace {
  readonly assignment: ModelAssignment;
  readonly gpu: Extract<Device, { readonly kind: 'gpu' }>;
  /** Whether it is the first model of its process. */
  readonly opensContext: boolean;
}

/** The footprints that are remembered beside the weights of all models. */
export class FootprintStore {
  readonly #log: SlotLog;
  /** Writing by folder, one at a time: what two workers measure of a model is both kept. */
  readonly #writing = new Map<string, Promise<void>>();

  constructor(log: SlotLog) {
    this.#log = log;
  }

  /** Names a place; undefined if the model's card cannot be read, and then it does not load either. */
  async keyOf({
    assignment,
    gpu,
    opensContext,
  }: FootprintPlace): Promise<FootprintKey | undefined> {
    const { id, dir, replicas, precision = 'default' } = assignment;
    const build = await modelBuild(dir, id).catch(() => undefined);
    if (build === undefined) return undefined;
    return { gpu: gpu.name, precision, replicas, build, opensContext };
  }

  /** Finds what is remembered for a place. */
  async find(model: ModelAssignment, key: FootprintKey): Promise<Footprint | undefined> {
    await this.#writing.get(model.dir);
    const record = await readFootprints(model.dir);
    if (record.damage !== undefined) {
      const fields = { model: model.id, reason: record.damage };
      this.#log.warn(
        fields,
        'the memory that a model takes is measured again: its record is damaged',
      );
    }
    return footprintFor(record, key);
  }

  /** Begins to write a footprint down; what cannot be written is measured again at the next start. */
  remember(model: ModelAssignment, footprint: Footprint): void {
    const { id, dir } = model;
    const before = this.#writing.get(dir) ?? Promise.resolve();
    const writing = before
      .then(() => writeFootprint(dir, footprint))
      .catch((caught: unknown) => {
        const reason = caught instanceof Error ? caught.message : String(caught);
        this.#log.warn({ model: id, reason }, 'the memory that a model takes cannot be remembered');
      });
    this.#writing.set(dir, writing);
  }

  /** Resolves when all that was measured is written. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing.values());
  }
}
