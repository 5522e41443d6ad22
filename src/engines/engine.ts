/**
 * What the worker and the engines say to each other. An engine has two halves:
 *
 * - the **model** half runs on the worker's main thread: it prepares a request (text, features),
 *   asks for *steps* one after another and turns their results into events;
 * - the **replica** half runs in an inference thread: it holds the weights and runs one step at a
 *   time. `run()` blocks that thread and nothing else.
 */
import type { ModelCard } from '../models/card.js';
import type { LiveEvent, LivePiece, LiveRequest } from '../protocol/live.js';
import type { Placement } from '../protocol/placement.js';
import type { Precision } from '../protocol/precision.js';
import type {
  Service,
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';
import type { Phonemizer } from '../speech/phonemizer.js';

/** Where a replica computes. A worker sees its one GPU as CUDA device 0. */
export type ComputeTarget =
  | { readonly kind: 'cpu' }
  | { readonly kind: 'cuda'; readonly required: boolean };

/** Everything that a replica needs to load; structured-cloneable. */
export interface ReplicaLoad {
  readonly card: ModelCard;
  /** Absolute path of the folder with the weights. */
  readonly modelDir: string;
  readonly target: ComputeTarget;
  /** Intra-op threads of this replica's sessions; always set explicitly. */
  readonly threads: number;
  /** Whether to note where the graphs' nodes run; absent = where the target is a GPU. */
  readonly isProfiled?: boolean;
  /** Whether steps are padded to the model's buckets; absent = where its sessions run on a GPU. */
  readonly padded?: boolean;
  /** The variant to run on the target; undefined = the model has none, it is run as it is. */
  readonly precision?: Precision | undefined;
  /** The variant to run where CUDA cannot be had, if it is another one. */
  readonly cpuPrecision?: Precision | undefined;
  /** Folders of the models that this one needs beside it, by their ids (see `companions.ts`). */
  readonly companions?: Readonly<Record<string, string>>;
}

/** The result of a step, with the buffers that are moved instead of copied between threads. */
export interface StepOutput<Result> {
  readonly result: Result;
  readonly transfer?: readonly ArrayBuffer[];
}

/** How a running step learns that nobody wants its result any more. */
export interface StepControl {
  readonly canceled: boolean;
}

/** A model loaded in one inference thread. */
export interface Replica<Step = unknown, Result = unknown> {
  /** The execution provider in use: `cpu` or `cuda`. */
  readonly provider: string;
  /** Why `provider` is not the one asked for, if it is not. */
  readonly degradedReason?: string;
  /** The variant in use, where it is known. */
  readonly precision?: Precision | undefined;
  /**
   * Runs one step. Steps of several runs of a network look at `control.canceled` in between and
   * then end early with whatever result; it is dropped.
   */
  run(step: Step, control: StepControl): Promise<StepOutput<Result>>;
  /**
   * Runs steps that the model half lets join; results in their order. Each has its own control. If
   * one fails all do.
   */
  runTogether?(
    steps: readonly Step[],
    controls: readonly StepControl[],
  ): Promise<readonly StepOutput<Result>[]>;
  /**
   * Ends the profile of the first runs and says where the graphs' nodes ran. Called once, after the
   * warm-up and between steps.
   */
  warmed?(): Promise<Placement>;
  close(): Promise<void>;
}

/** What an engine's replica module exports under the name `loadReplica`. */
export type LoadReplica<Step = unknown, Result = unknown> = (
  load: ReplicaLoad,
) => Promise<Replica<Step, Result>>;

/** When a step is due: by its place in the audio that it makes, or because somebody reads along. */
export type DuePlace = StepPlace | ReadingPlace;

/** When a step of recognition is due whose words somebody reads along. */
export interface ReadingPlace {
  /** So long after it is queued, or before it if below 0. What is due sooner goes first. */
  readonly dueInMs: number;
}

/** Where in its request's audio a step belongs. */
export interface StepPlace {
  /**
   * Seconds of audio before what the step makes, or helps to make. 0 = somebody waits in silence for
   * it. What is due sooner goes first.
   */
  readonly afterSeconds: number;
}

/** How a request in progress reaches the scheduler. */
export interface JobContext<Step = unknown, Result = unknown> {
  /** Aborts when the client has gone or the server needs the place; stop as soon as you see it. */
  readonly signal: AbortSignal;
  /**
   * Queues one step and resolves with its result. Steps of one request may be outstanding together;
   * they may then run on different replicas at once. Rejects with `canceled` when the signal aborts first.
   * @param step What to run, or what makes it when its turn has come; if that throws nothing is run.
   * @param place For speech, and for words that somebody reads along; without one, a request's first
   * step goes first and others in their order.
   */
  step(step: Step | (() => Step), place?: DuePlace): Promise<Result>;
}

/**
 * How a model warms one replica up before anybody waits for it. The signal aborts when it need not go
 * on, because another replica of the model has failed.
 */
export interface WarmUpContext<Step = unknown, Result = unknown> extends JobContext<Step, Result> {
  /** Runs steps that join, at once; results in their order. */
  together(steps: readonly Step[]): Promise<readonly Result[]>;
}

/** The lengths that were run, by the names that the card's `buckets` have. */
export type WarmedBuckets = Readonly<Record<string, readonly number[]>>;

/** What can be run before anybody asks for anything. */
export interface Warmable<Step = unknown, Result = unknown> {
  /**
   * One short request of each kind for nobody: first runs allocate memory and compile code, and take
   * several times as long as later ones.
   */
  warmUp?(context: WarmUpContext<Step, Result>): Promise<void>;
  /**
   * Every length that steps are padded to, or near which they are: for replicas that are not on the
   * CPU, where the first run of a shape takes many times as long as later ones.
   * @throws ChorusError that names the bucket that could not be run.
   */
  warmBuckets?(context: WarmUpContext<Step, Result>): Promise<WarmedBuckets>;
}

/** Things that a worker owns and its models share. */
export interface EngineResources {
  readonly phonemizer: Phonemizer;
}

/** A model opened on the worker's main thread, for speech. */
export interface SpeechModel<Step = unknown, Result = unknown> extends Warmable<Step, Result> {
  synthesize(
    request: SynthesisRequest,
    context: JobContext<Step, Result>,
  ): AsyncGenerator<SpeechEvent>;
  close(): Promise<void>;
}

/** A model opened on the worker's main thread, for recognition. */
export interface RecognitionModel<Step = unknown, Result = unknown> extends Warmable<Step, Result> {
  transcribe(
    request: TranscriptionRequest,
    context: JobContext<Step, Result>,
  ): AsyncGenerator<TranscriptEvent>;
  /**
   * Hears an utterance while it is spoken; a model that cannot has no such method. May end before
   * the audio does.
   * @param audio Signed 16-bit little-endian mono, in chunks of any size of whole samples or not, with
   * controls between them; each turn that ends is told of and `settled`, each `clear` is `cleared`.
   */
  listen?(
    request: LiveRequest,
    audio: AsyncIterable<LivePiece>,
    context: JobContext<Step, Result>,
  ): AsyncGenerator<LiveEvent>;
  /**
   * Whether a step may run together with those, of this request or of others; absent = none may. Its
   * replicas have {@link Replica.runTogether} then.
   */
  joins?(together: readonly Step[], next: Step): boolean;
  close(): Promise<void>;
}

interface EngineBase {
  /** The name that cards use. */
  readonly name: string;
  readonly service: Service;
  /** Module that an inference thread imports; it exports `loadReplica`. */
  readonly replicaModule: URL;
}

/** An engine that speaks. */
export interface SpeechEngine<Step = unknown, Result = unknown> extends EngineBase {
  readonly service: 'tts';
  open(
    card: ModelCard,
    modelDir: string,
    resources: EngineResources,
  ): Promise<SpeechModel<Step, Result>>;
}

/** An engine that listens. */
export interface RecognitionEngine<Step = unknown, Result = unknown> extends EngineBase {
  readonly service: 'asr';
  open(
    card: ModelCard,
    modelDir: string,
    resources: EngineResources,
  ): Promise<RecognitionModel<Step, Result>>;
}

/** Any engine. */
export type Engine = SpeechEngine | RecognitionEngine;

/** Engines by the name that cards use, each loaded when a model asks for it. */
export type EngineTable = Readonly<Record<string, () => Promise<Engine>>>;
