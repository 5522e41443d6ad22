import { isGood, isRepetitive, isSure, sameWords, temperaturesFrom } from './quality.js';
import type { WindowResult, WindowStep } from './steps.js';
import { WINDOW_FRAMES } from './window-size.js';

/** What came of an attempt. */
export interface Attempt {
  readonly result: WindowResult;
  readonly temperature: number;
}

/** What attempts are made with. */
export interface Attempting {
  write(step: WindowStep): Promise<WindowResult>;
  decode(tokens: readonly number[]): string;
}

/**
 * Writes a window down, again and again until it is good: first as it is, then with the silence that
 * Whisper was trained with if it had less, then at higher temperatures. Text that repeats itself is
 * what was said if two attempts agree on it: people count, read lists and chant. If no attempt is good,
 * the surest of those that do not repeat themselves counts.
 */
export async function climb(step: WindowStep, attempting: Attempting): Promise<Attempt> {
  const attempts: Attempt[] = [];
  for (const next of attemptsOf(step)) {
    const attempt = { result: await attempting.write(next), temperature: next.temperature };
    if (isGood(attempt.result, attempting.decode(attempt.result.tokens))) return attempt;
    if (agree(attempts.at(-1), attempt, attempting)) return attempt;
    attempts.push(attempt);
  }
  return leastBad(attempts, attempting);
}

function agree(one: Attempt | undefined, next: Attempt, { decode }: Attempting): boolean {
  if (!one || !isSure(one.result) || !isSure(next.result)) return false;
  return sameWords(decode(one.result.tokens), decode(next.result.tokens));
}

function attemptsOf(step: WindowStep): WindowStep[] {
  const [first = 0, ...others] = temperaturesFrom(step.temperature);
  const whole = { ...step, totalFrames: WINDOW_FRAMES };
  // A beam is for the likeliest text: where it is drawn, there is none.
  const { beamSize: _, ...drawn } = whole;
  return [
    ...(step.totalFrames < WINDOW_FRAMES ? [{ ...step, temperature: first }] : []),
    { ...whole, temperature: first },
    ...others.map((temperature) => ({ ...drawn, temperature })),
  ];
}

function leastBad(attempts: readonly Attempt[], { decode }: Attempting): Attempt {
  const calm = attempts.filter(({ result }) => !isRepetitive(result, decode(result.tokens)));
  const candidates = calm.length > 0 ? calm : attempts;
  return candidates.reduce((best, one) =>
    one.result.avgLogprob > best.result.avgLogprob ? one : best,
  );
}
