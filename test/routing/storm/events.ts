import fc from 'fast-check';

import type { LeaseReport, RouteRequest } from '../../../src/routing/model-route.js';

/** Models of a storm, by their service; every worker serves all of them. */
export const MODELS = { joe: 'tts', kokoro: 'tts', whisper: 'asr' } as const;
export type ModelId = keyof typeof MODELS;
export const MODEL_IDS = Object.keys(MODELS) as ModelId[];
export const WORKERS = ['w1', 'w2', 'w3'] as const;
type WorkerId = (typeof WORKERS)[number];

/** What may happen; `which` picks one of the things of that kind that there have been. */
export type StormEvent = WorkerEvent | WorkEvent;

/** What becomes of workers. */
export type WorkerEvent =
  | { readonly kind: 'start' | 'comeBack' | 'remove'; readonly worker: WorkerId }
  | { readonly kind: 'expect' | 'giveUp'; readonly worker: WorkerId; readonly model: ModelId };

/** What becomes of work, and the end of a process or of the router. */
export type WorkEvent =
  | { readonly kind: 'acquire'; readonly request: RouteRequest }
  | { readonly kind: 'acquireAt'; readonly which: number; readonly request: RouteRequest }
  | { readonly kind: 'openStream'; readonly request: RouteRequest }
  | { readonly kind: 'report'; readonly which: number; readonly report: LeaseReport }
  | { readonly kind: 'release' | 'closeStream'; readonly which: number }
  | { readonly kind: 'abort' | 'lose'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number }
  /** The lease that is held longest is done and given back. */
  | { readonly kind: 'finish' }
  | { readonly kind: 'drain' };

/** A fleet and what happens to it. */
export interface Storm {
  readonly capacity: Readonly<Record<ModelId, number>>;
  readonly maxQueue: number;
  readonly maxStreams: number;
  readonly queueTimeoutMs: number;
  readonly events: readonly StormEvent[];
}

const which = fc.nat({ max: 1_000 });
const worker = fc.constantFrom(...WORKERS);
const model = fc.constantFrom(...MODEL_IDS);
const sometimes = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 });

const request: fc.Arbitrary<RouteRequest> = fc
  .record({
    // Most of the work is for one model, so that it comes to queues.
    model: fc.oneof(
      { weight: 3, arbitrary: fc.constant<ModelId>('joe') },
      { weight: 1, arbitrary: model },
    ),
    class: fc.constantFrom('interactive', 'interactive', 'bulk'),
    client: fc.constantFrom('anna', 'ben', 'cleo'),
    cost: fc.constantFrom(1, 5, 60, 4_096),
    session: sometimes(fc.constantFrom('s', 't')),
    cacheKey: sometimes(fc.constantFrom('voice', 'another')),
    resumes: fc.constantFrom(false, false, false, false, true),
    isRest: fc.constantFrom(false, false, true),
    inMs: sometimes(fc.constantFrom(1, 500, 100_000)),
  })
  .map(({ session, cacheKey, inMs, ...rest }) => ({
    ...rest,
    service: MODELS[rest.model],
    ...(session !== undefined && { session }),
    ...(cacheKey !== undefined && { cacheKey }),
    ...(inMs !== undefined && { deadlineAtMs: inMs }),
  }));

function often<T>(weight: number, shape: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) {
  return { weight, arbitrary: fc.record(shape) as unknown as fc.Arbitrary<StormEvent> };
}
const kind = fc.constant;

const anything = fc.oneof(
  often(26, { kind: kind('acquire'), request }),
  often(5, { kind: kind('acquireAt'), which, request }),
  often(4, { kind: kind('openStream'), request }),
  often(3, { kind: kind('closeStream'), which }),
  often(14, { kind: kind('report'), which, report: fc.constantFrom('result', 'done', 'failed') }),
  often(20, { kind: kind('release'), which }),
  often(5, { kind: kind('abort'), which }),
  often(8, { kind: kind('pass'), ms: fc.constantFrom(1, 100, 250, 1_000, 30_000, 600_000) }),
  often(5, { kind: kind('start'), worker }),
  often(2, { kind: kind('comeBack'), worker }),
  often(2, { kind: kind('remove'), worker }),
  often(2, { kind: kind('lose'), which }),
  often(2, { kind: kind('expect'), worker, model }),
  often(2, { kind: kind('giveUp'), worker, model }),
);

/** Much work for one model, and hardly anything else: long queues, and much to learn from. */
const crowd = fc.oneof(
  often(16, {
    kind: kind('acquire'),
    request: request.map((one) => ({ ...one, model: 'joe', service: 'tts' }) as const),
  }),
  often(4, { kind: kind('report'), which, report: fc.constantFrom('result', 'done') }),
  often(12, { kind: kind('finish') }),
  often(2, { kind: kind('pass'), ms: fc.constantFrom(1, 20, 400) }),
  { weight: 1, arbitrary: anything },
);

const capacity = fc.constantFrom(1, 2, 4, 8);

function eventsOf(event: fc.Arbitrary<StormEvent>): fc.Arbitrary<StormEvent[]> {
  return fc.array(event, { minLength: 40, maxLength: 110, size: 'max' });
}

/** Any storm; some end in a drain, and what comes after it. */
export const storms: fc.Arbitrary<Storm> = fc.record({
  capacity: fc.record({ joe: capacity, kokoro: capacity, whisper: capacity }),
  maxQueue: fc.constantFrom(0, 2, 6, 100),
  maxStreams: fc.constantFrom(1, 3),
  queueTimeoutMs: fc.constantFrom(700, 60_000),
  events: fc
    .tuple(
      fc.oneof(eventsOf(anything), eventsOf(crowd)),
      fc.array(anything, { maxLength: 10 }),
      fc.boolean(),
    )
    .map(([before, after, drains]): StormEvent[] => [
      { kind: 'start', worker: 'w1' },
      { kind: 'start', worker: 'w2' },
      ...before,
      ...(drains ? [{ kind: 'drain' } as const] : []),
      ...after,
    ]),
});

/** The model that a request names, as one of the storm's. */
export function modelOf({ model }: { readonly model: string }): ModelId {
  if (model in MODELS) return model as ModelId;
  throw new Error(`no model of a storm: ${model}`);
}
