import { join } from 'node:path';

import type {
  ComputeTarget,
  Engine,
  EngineResources,
  EngineTable,
  JobContext,
  RecognitionModel,
  ReplicaLoad,
  SpeechModel,
  DuePlace,
} from '../engines/engine.js';
import { readCard } from '../models/card-file.js';
import type { ModelCard } from '../models/card.js';
import { companionDirs } from '../models/companions.js';
import { repairAdvice } from '../models/model-state.js';
import type { ModelAssignment } from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';
import type { LiveEvent } from '../protocol/live.js';
import type {
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';
import type { LiveCall } from './live.js';
import { Playback } from './playback.js';
import { ReplicaThread } from './replica-thread.js';
import { settlePlacement } from './settle-placement.js';
import type { StepRequest } from './step-order.js';
import { type SchedulerHooks, StepScheduler } from './step-scheduler.js';
import { countSteps, noWork, type StepWork } from './step-work.js';
import type { ToldSteps } from './told-steps.js';
import { type BucketRuns, warmBuckets, warmUp } from './warm-up.js';

type OpenedModel =
  | { readonly service: 'tts'; readonly model: SpeechModel }
  | { readonly service: 'asr'; readonly model: RecognitionModel };

/** An opened model, and what its replicas ran before anybody waits. */
type WarmModel = OpenedModel & { readonly runs: BucketRuns };

/** What {@link HostedModel.load} needs beside the assignment. */
export interface HostOptions extends SchedulerHooks {
  readonly engines: EngineTable;
  /** They are made while the weights load. */
  readonly resources: Promise<EngineResources>;
  readonly target: ComputeTarget;
  /** Waited for when a model's weights are loaded and before it is warmed up; must not reject. */
  readonly onLoaded?: (id: string, replicas: readonly ReplicaThread[]) => Promise<void>;
}

/** A request in progress: who asks, and whether anybody still wants it. */
export interface Call {
  readonly id: string;
  readonly signal: AbortSignal;
  /** Its steps that wait or run. */
  readonly steps: Set<Promise<unknown>>;
  /** What was computed for it so far. */
  readonly work: StepWork;
  /** What the supervisor shall learn of its steps, if it is traced. */
  readonly told?: ToldSteps | undefined;
}

/** Somebody reads along, and nobody plays anything. */
const READ_ALONG: StepRequest = {
  class: 'interactive',
  isResumed: false,
  playingSinceMs: undefined,
};

/** A model that this worker serves: its main-thread half, its replicas and their scheduler. */
export class HostedModel {
  readonly id: string;
  readonly replicas: readonly ReplicaThread[];
  readonly scheduler: StepScheduler;
  /** What its replicas ran before anybody waited. */
  readonly runs: BucketRuns;
  readonly #opened: OpenedModel;
  readonly #work = noWork();

  /**
   * Loads all replicas of a model.
   * @throws ChorusError `model_failed` with what is wrong and where.
   */
  static async load(assignment: ModelAssignment, options: HostOptions): Promise<HostedModel> {
    const card = await readCard(join(assignment.dir, 'model.yaml'), assignment.id);
    const engine = await engineOf(card, options.engines);
    const load = {
      card,
      modelDir: assignment.dir,
      target: options.target,
      threads: assignment.threads,
      precision: assignment.precision,
      cpuPrecision: assignment.cpuPrecision,
      companions: companionDirs(card, assignment.dir),
    };
    const starts = Array.from({ length: assignment.replicas }, () =>
      ReplicaThread.start(load, engine.replicaModule),
    );
    try {
      const replicas = await allOrNone(starts);
      const loaded = open(engine, load, options).then(async (model) => {
        await options.onLoaded?.(card.id, replicas);
        return model;
      });
      const opened = await opening(loaded, replicas, load);
      return new HostedModel(card.id, replicas, { opened, options });
    } catch (caught) {
      throw await explained(caught, card, assignment);
    }
  }

  private constructor(
    id: string,
    replicas: readonly ReplicaThread[],
    { opened, options }: { readonly opened: WarmModel; readonly options: SchedulerHooks },
  ) {
    this.id = id;
    this.replicas = replicas;
    const { model } = opened;
    const joins = 'joins' in model ? model.joins?.bind(model) : undefined;
    this.scheduler = new StepScheduler(replicas, { ...options, joins });
    this.#opened = opened;
    this.runs = opened.runs;
  }

  /** Starts a speech request. */
  synthesize(request: SynthesisRequest, call: Call): AsyncGenerator<SpeechEvent> {
    if (this.#opened.service !== 'tts') throw wrongTask(this.id, 'speak');
    const playback = new Playback(request);
    return playback.of(this.#opened.model.synthesize(request, this.#context(call, playback)));
  }

  /** Starts a transcription request. */
  transcribe(request: TranscriptionRequest, call: Call): AsyncGenerator<TranscriptEvent> {
    if (this.#opened.service !== 'asr') throw wrongTask(this.id, 'transcribe');
    return this.#opened.model.transcribe(request, this.#context(call));
  }

  /** Starts to hear an utterance. */
  listen({ request, audio }: LiveCall, call: Call): AsyncGenerator<LiveEvent> {
    if (this.#opened.service !== 'asr') throw wrongTask(this.id, 'listen');
    const events = this.#opened.model.listen?.(request, audio, this.#context(call));
    if (events) return events;
    const message = `Model ${this.id} cannot listen to live speech; it transcribes files only.`;
    throw new ChorusError('not_implemented', message, { param: 'model' });
  }

  /** Ends the replicas' threads once their running steps have ended. */
  async close(): Promise<void> {
    await this.#opened.model.close();
    await Promise.all(this.replicas.map((replica) => replica.close()));
  }

  /** What was computed since the last time that this was asked. */
  takeWork(): StepWork {
    const work = { ...this.#work };
    // Steps that run now have this very account.
    Object.assign(this.#work, noWork());
    return work;
  }

  #context({ id, signal, steps, work, told }: Call, request = READ_ALONG): JobContext {
    const run = this.scheduler.open({ signal, call: id, request });
    const step = (payload: unknown, place?: DuePlace): Promise<unknown> => {
      const watch = countSteps([this.#work, work], told?.watch);
      const running = run(payload, { place, watch });
      const forget = (): void => void steps.delete(running);
      steps.add(running);
      running.then(forget, forget);
      return running;
    };
    return { signal, step };
  }
}

function engineOf(card: ModelCard, engines: EngineTable): Promise<Engine> {
  const load = engines[card.engine];
  if (load) return load();
  const known = Object.keys(engines).join(', ');
  const message = `Model ${card.id} asks for the engine '${card.engine}'; this worker has: ${known}.`;
  throw new ChorusError('model_failed', message);
}

/** Waits until a model can be used and was warmed up; if it cannot, its replicas are closed too. */
async function opening(
  open: Promise<OpenedModel>,
  replicas: readonly ReplicaThread[],
  { card, target }: Pick<ReplicaLoad, 'card' | 'target'>,
): Promise<WarmModel> {
  try {
    const opened = await open;
    await warmUp(opened.model, replicas);
    // The profile that tells of it need not hold all that follows.
    await settlePlacement(card.id, replicas, target);
    return { ...opened, runs: await warmBuckets(opened.model, replicas) };
  } catch (caught) {
    await Promise.all(replicas.map((replica) => replica.close()));
    throw caught;
  }
}

async function open(
  engine: Engine,
  load: { readonly card: ModelCard; readonly modelDir: string },
  options: HostOptions,
): Promise<OpenedModel> {
  const resources = await options.resources;
  if (engine.service === 'tts') {
    return { service: 'tts', model: await engine.open(load.card, load.modelDir, resources) };
  }
  return { service: 'asr', model: await engine.open(load.card, load.modelDir, resources) };
}

/** Waits for every start; if one fails, the others are closed, so that no weights stay behind. */
async function allOrNone(starts: readonly Promise<ReplicaThread>[]): Promise<ReplicaThread[]> {
  const settled = await Promise.allSettled(starts);
  const failed = settled.find((one) => one.status === 'rejected');
  const started = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (!failed) return started;
  await Promise.all(started.map((replica) => replica.close()));
  throw failed.reason;
}

/** Puts what the folder lacks, and the command that mends it, before the engine's own words. */
async function explained(
  caught: unknown,
  card: ModelCard,
  { dir, precision }: ModelAssignment,
): Promise<unknown> {
  // A full GPU is no fault of the folder's.
  if (caught instanceof ChorusError && caught.code === 'out_of_memory') return caught;
  const advice = await repairAdvice({ card, dir }, precision && [precision]);
  if (advice === undefined) return caught;
  const words = caught instanceof Error ? caught.message : String(caught);
  return new ChorusError('model_failed', `${advice} (${words})`, {}, { cause: caught });
}

function wrongTask(id: string, verb: string): ChorusError {
  return new ChorusError('wrong_task', `Model ${id} cannot ${verb}.`, { param: 'model' });
}
