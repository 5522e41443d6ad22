/**
 * Whose step goes next. A replica that is free takes whatever waits: nothing is held back or paced
 * to real time, seconds ahead only lower a stream's priority. Three tiers, then bulk work:
 *
 * 1. speech that another worker began: somebody hears it break off;
 * 2. steps for which somebody waits in silence, the older request first, so that a stream's first
 *    window goes before the beginning of a younger stream;
 * 3. all else by deadline, earliest first: of playback, or of words that somebody reads along. If any
 *    order of the steps that wait is in time for every listener, this one is (Jackson 1955); a
 *    listener who ran dry has new deadlines, so that one who is late does not make the next one late
 *    too.
 */
import type { DuePlace, StepPlace } from '../engines/engine.js';
import type { RequestClass } from '../protocol/requests.js';

/**
 * While listeners have audio to spare, one step in so many is bulk work's, as places are where
 * requests are routed.
 */
export const BULK_TURN = 10;

/** So many steps after the last bulk one the next starts, whoever waits: nothing waits for ever. */
export const BULK_LIMIT = 50;

/**
 * Audio to spare: the next listener in the order runs dry no sooner than this. A step cannot be
 * interrupted, and this is several steps of a window or one of a long clause.
 */
export const SPARE_MS = 2_000;

/** What the order knows of a request. */
export interface StepRequest {
  readonly class: RequestClass;
  /** Another worker spoke its beginning: somebody listens, and has heard something. */
  readonly isResumed: boolean;
  /**
   * When its listener began to play, by the clock of `nowMs`, moved on by what came too late;
   * undefined = nothing has left for a listener yet.
   */
  readonly playingSinceMs: number | undefined;
}

/** A step that waits for a replica. */
export interface WaitingStep {
  readonly request: StepRequest;
  /** Where its audio belongs, or when it is due; undefined = it is recognition of a file. */
  readonly place?: DuePlace | undefined;
  /** All steps are numbered as they come. */
  readonly number: number;
  /** Number of its request's first step: the smaller, the older the request. */
  readonly requestNumber: number;
  /** When it came, by the clock of `nowMs`. */
  readonly queuedAtMs: number;
}

/** What the order depends on beside the steps. */
export interface OrderState {
  /** Monotonic. */
  readonly nowMs: number;
  /** Interactive steps that started while a bulk one waited, since the last bulk one did. */
  readonly passedOver: number;
}

/** What steps are ordered by, the first difference decides. */
interface Standing {
  readonly tier: number;
  readonly dueAtMs: number;
  readonly turn: number;
  readonly number: number;
}

interface Candidate<Step> {
  readonly step: Step;
  readonly standing: Standing;
}

const RESUMED_TIER = 0;
const SILENT_TIER = 1;
const BEGUN_TIER = 2;

/** The step that goes next; undefined only if none waits. */
export function nextStep<Step extends WaitingStep>(
  waiting: readonly Step[],
  state: OrderState,
): Step | undefined {
  let interactive: Candidate<Step> | undefined;
  let bulk: Candidate<Step> | undefined;
  for (const step of waiting) {
    const candidate = { step, standing: standingOf(step, state.nowMs) };
    if (isBulk(step)) bulk = earlier(bulk, candidate);
    else interactive = earlier(interactive, candidate);
  }
  if (!interactive || !bulk) return (interactive ?? bulk)?.step;
  return isBulksTurn(interactive.standing, state) ? bulk.step : interactive.step;
}

/** How many steps have passed bulk work over, once a step has started that others waited beside. */
export function passedOverAfter(
  started: WaitingStep,
  waiting: readonly WaitingStep[],
  passedOver: number,
): number {
  return !isBulk(started) && waiting.some(isBulk) ? passedOver + 1 : 0;
}

function isBulk({ request }: WaitingStep): boolean {
  return request.class === 'bulk';
}

function isBulksTurn(interactive: Standing, { nowMs, passedOver }: OrderState): boolean {
  const canSpare = interactive.tier === BEGUN_TIER && interactive.dueAtMs >= nowMs + SPARE_MS;
  return passedOver >= (canSpare ? BULK_TURN : BULK_LIMIT) - 1;
}

function standingOf(step: WaitingStep, nowMs: number): Standing {
  const { number, requestNumber, request } = step;
  // Steps that nobody plays go in the order in which they came, or are due.
  const turn = speechPlaceOf(step) ? requestNumber : number;
  if (!isAwaited(step)) return { tier: BEGUN_TIER, dueAtMs: dueAtMs(step, nowMs), turn, number };
  const tier = request.isResumed ? RESUMED_TIER : SILENT_TIER;
  return { tier, dueAtMs: nowMs, turn, number };
}

/** Whether nothing has been heard, and this step's audio is the first to be. */
function isAwaited(step: WaitingStep): boolean {
  if (step.request.playingSinceMs !== undefined) return false;
  const speech = speechPlaceOf(step);
  if (speech) return speech.afterSeconds <= 0;
  return !step.place && step.number === step.requestNumber;
}

function dueAtMs(step: WaitingStep, nowMs: number): number {
  const { request, place, queuedAtMs } = step;
  // Nobody listens: the oldest is to be done first.
  if (request.class === 'bulk') return 0;
  // It is due since it came: a deadline of somebody else's that lies ahead can wait.
  if (!place) return queuedAtMs;
  if ('dueInMs' in place) return queuedAtMs + place.dueInMs;
  return (request.playingSinceMs ?? nowMs) + place.afterSeconds * 1000;
}

function speechPlaceOf({ place }: WaitingStep): StepPlace | undefined {
  return place && 'afterSeconds' in place ? place : undefined;
}

function earlier<Step>(a: Candidate<Step> | undefined, b: Candidate<Step>): Candidate<Step> {
  return a && compare(a.standing, b.standing) <= 0 ? a : b;
}

function compare(a: Standing, b: Standing): number {
  return a.tier - b.tier || a.dueAtMs - b.dueAtMs || a.turn - b.turn || a.number - b.number;
}
