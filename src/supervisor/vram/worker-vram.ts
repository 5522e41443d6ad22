import type { Footprint, FootprintFigures } from '../../models/footprints.js';
import type {
  Device,
  MeasureAnswer,
  MeasureQuestion,
  ModelAssignment,
  ModelReport,
} from '../../protocol/control.js';
import { ChorusError } from '../../protocol/errors.js';
import type { GpuSnapshot } from '../../protocol/gpus.js';
import type { SlotLog } from '../life-cycle.js';
import { memoryOn } from '../snapshot-memory.js';
import { budgetOf, leftOf, overdraftOf } from './budget.js';
import type { FootprintStore } from './footprint-store.js';
import type { GpuLooks } from './gpu-looks.js';
import { Life, type VramModel } from './life.js';
import { footprintOf, readingOf } from './load-measurement.js';
import { overdraftWords, refusalOf, type RoomFigures, shortageOf } from './refusal.js';
import { roomOf } from './room.js';

/** The account of a worker's memory of its GPU; what is unknown is undefined. */
export interface VramAccount {
  /** What its models may take together. */
  readonly budgetBytes: number | undefined;
  /** What is left of it. */
  readonly leftBytes: number | undefined;
  /** Models whose footprint is known, of the process that lives. */
  readonly models: readonly VramModel[];
  /** How often each model was refused for want of memory since the server's start. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** Whose account it is. */
export interface WorkerVramOptions {
  readonly workerId: string;
  readonly gpu: Extract<Device, { readonly kind: 'gpu' }>;
  readonly models: readonly ModelAssignment[];
  /** The operator's limit; undefined = a share of what is free. */
  readonly limitBytes: number | undefined;
  /** The accounts of the other workers on this GPU. */
  readonly neighbours: () => readonly WorkerVram[];
  readonly looks: GpuLooks;
  readonly footprints: FootprintStore;
  /** A logger that names the worker. */
  readonly log: SlotLog;
}

/** Keeps account of what the models of a worker take of its GPU, and judges whether one more fits. */
export class WorkerVram {
  readonly #options: WorkerVramOptions;
  readonly #refusals: Map<string, number>;
  #life: Life | undefined;
  #endedAtMs = 0;

  constructor(options: WorkerVramOptions) {
    this.#options = options;
    this.#refusals = new Map(options.models.map(({ id }) => [id, 0]));
  }

  /** The process that lives now, if one has asked for room. */
  get life(): Life | undefined {
    return this.#life;
  }

  /** A process is about to be started: it is judged anew. */
  starting(): void {
    this.#life = new Life();
  }

  /** It is dead. */
  ended(): void {
    this.#endedAtMs = Date.now();
    this.#life = undefined;
  }

  /** Answers a question of the process; never rejects. */
  async answer(question: MeasureQuestion, pid: number | undefined): Promise<MeasureAnswer> {
    const life = this.#life;
    const { model, phase } = question;
    const assignment = this.#options.models.find(({ id }) => id === model);
    const nothing = { model, phase, continues: false };
    if (!life || !assignment || pid === undefined) return nothing;
    life.pid = pid;
    try {
      const answer =
        phase === 'begun'
          ? await this.#begun(life, assignment)
          : { continues: await this.#measure(life, { assignment, phase }) };
      return { ...nothing, ...answer };
    } catch (caught) {
      const reason = caught instanceof Error ? caught.message : String(caught);
      this.#options.log.warn({ model, reason }, "a model's memory cannot be measured");
      return nothing;
    }
  }

  /** Notes what a load came to. @returns The report, with figures if memory was what it lacked. */
  reported(report: ModelReport): ModelReport {
    const life = this.#life;
    if (!life) return report;
    const { id } = report;
    if (report.state === 'ready') {
      life.settled(id, report.provider !== 'cpu');
      return report;
    }
    const needsBytes = life.footprint(id)?.peakBytes;
    life.settled(id, false);
    life.measuring = undefined;
    const error = ChorusError.fromWire(report.error);
    // A refusal of ours has its figures.
    if (error.code !== 'out_of_memory' || 'needsBytes' in error.details) return report;
    const figures = this.#figures(life, id, needsBytes);
    return { ...report, error: shortageOf(figures, error.message).toWire() };
  }

  /** The account now. */
  describe(): VramAccount {
    const { budgetBytes, models = [], placed = [] } = this.#life ?? {};
    return {
      budgetBytes,
      leftBytes: budgetBytes === undefined ? undefined : leftOf(budgetBytes, placed),
      models,
      refusals: new Map(this.#refusals),
    };
  }

  /** What an operator should know of models that are loaded and take more than they may. */
  warnings(): string[] {
    const { budgetBytes, placed = [] } = this.#life ?? {};
    if (budgetBytes === undefined || overdraftOf(budgetBytes, placed) === 0) return [];
    return [`${this.#options.workerId}: ${overdraftWords(budgetBytes, placed)}`];
  }

  /** Judges whether a model fits; if its footprint is not known, measuring begins. */
  async #begun(
    life: Life,
    assignment: ModelAssignment,
  ): Promise<Pick<MeasureAnswer, 'continues' | 'refusal'>> {
    const { gpu, footprints, log, looks } = this.#options;
    await this.#beginning(life);
    const { opensContext } = life;
    const key = await footprints.keyOf({ assignment, gpu, opensContext });
    const known = key && (await footprints.find(assignment, key));
    if (life !== this.#life) return { continues: false };
    const refusal = known && this.#refuse(life, assignment.id, known);
    if (refusal) return { continues: false, refusal: refusal.toWire() };
    const { baseline } = life;
    life.opensContext = false;
    life.baseline = undefined;
    if (known) {
      life.place(assignment.id, known);
      const { loadBytes, peakBytes, isEstimated } = known;
      const fields = { model: assignment.id, loadBytes, peakBytes, isEstimated };
      log.info(fields, "a model's memory is known from an earlier load");
      // What is estimated depends on what other programs did meanwhile: the next estimate is as good.
      if (!isEstimated) return { continues: false };
    }
    const look = key && (baseline ?? (await looks.next(Date.now())));
    if (!look || life !== this.#life || life.pid === undefined) return { continues: false };
    life.measuring = { key, begun: readingOf(look, gpu.uuid, life.pid), loaded: undefined };
    return { continues: true };
  }

  /** Looks once more, for the model that is being loaded. @returns Whether to look again. */
  async #measure(
    life: Life,
    {
      assignment,
      phase,
    }: { readonly assignment: ModelAssignment; readonly phase: 'loaded' | 'warm' },
  ): Promise<boolean> {
    const { gpu, looks, neighbours } = this.#options;
    const { measuring, pid } = life;
    const look = measuring && (await looks.next(Date.now()));
    life.measuring = undefined;
    if (!measuring || !look || life !== this.#life || pid === undefined) return false;
    const reading = readingOf(look, gpu.uuid, pid);
    if (phase === 'loaded') {
      life.measuring = { ...measuring, loaded: reading };
      return true;
    }
    life.baseline = look;
    const { key, begun, loaded } = measuring;
    if (!loaded) return false;
    const place = { opensContext: key.opensContext, isAlone: neighbours().length === 0 };
    const figures = footprintOf({ begun, loaded, warm: reading }, place);
    if (figures) this.#learned(life, assignment, { ...key, ...figures });
    return false;
  }

  #learned(life: Life, assignment: ModelAssignment, footprint: Footprint): void {
    const { footprints, log } = this.#options;
    life.place(assignment.id, footprint);
    footprints.remember(assignment, footprint);
    const { budgetBytes } = life;
    const { loadBytes, peakBytes, isEstimated } = footprint;
    const figures = { model: assignment.id, loadBytes, peakBytes, isEstimated, budgetBytes };
    log.info(figures, "a model's memory is measured");
    const overBytes = budgetBytes === undefined ? 0 : overdraftOf(budgetBytes, life.placed);
    if (overBytes > 0) log.warn({ ...figures, overBytes }, 'models take more than their budget');
  }

  /** An estimate takes no model out of service: it would never be measured again. */
  #refuse(life: Life, model: string, known: FootprintFigures): ChorusError | undefined {
    const { budgetBytes } = life;
    if (known.isEstimated || budgetBytes === undefined) return undefined;
    if (known.peakBytes <= leftOf(budgetBytes, life.placed)) return undefined;
    life.refuse(model, known);
    this.#refusals.set(model, (this.#refusals.get(model) ?? 0) + 1);
    return refusalOf(this.#figures(life, model, known.peakBytes));
  }

  /** Finds, once for a process, what it may take of the GPU. */
  #beginning(life: Life): Promise<void> {
    life.beginning ??= this.#begin(life);
    return life.beginning;
  }

  async #begin(life: Life): Promise<void> {
    const { looks, limitBytes, gpu, neighbours } = this.#options;
    // Memory of this worker's last process is free again in a look that began after its end.
    const look = await looks.next(this.#endedAtMs);
    life.baseline = look;
    const others = neighbours();
    const lives = others.flatMap((one) => one.life ?? []);
    const room = look && roomOf(look, { uuid: gpu.uuid, own: life, neighbours: lives });
    life.budgetBytes = budgetOf({ limitBytes, room, workers: others.length + 1 });
  }

  #figures(life: Life, model: string, needsBytes: number | undefined): RoomFigures {
    const { workerId, limitBytes, gpu, looks } = this.#options;
    const newest: GpuSnapshot | undefined = looks.newest;
    return {
      workerId,
      model,
      needsBytes,
      budgetBytes: life.budgetBytes,
      isLimited: limitBytes !== undefined && life.budgetBytes === limitBytes,
      placed: life.placed,
      memory: newest && memoryOn(newest, gpu.uuid),
    };
  }
}
