import type { Gpu } from '../../config/gpus.js';
import type { Settings } from '../../config/settings.js';

/** How a check came out: `failed` keeps Chorus from serving, `warning` only limits it. */
export type CheckState = 'ok' | 'warning' | 'failed';

/** What a check found. */
export interface Finding {
  readonly state: CheckState;
  /** The facts, in one or more lines. */
  readonly detail: string;
  /** What to do about it; only where something is to be done. */
  readonly advice?: string;
}

/** What all checks look at. */
export interface CheckSubject {
  readonly settings: Settings;
  /** This machine's GPUs, asked for once. */
  readonly gpus: Promise<readonly Gpu[]>;
}

/** What one check is given. */
export interface CheckContext extends CheckSubject {
  /** Aborted when the check's time is over. */
  readonly signal: AbortSignal;
}

/** One thing to look at. */
export interface Check {
  /** Stable name, for scripts that read the JSON. */
  readonly id: string;
  readonly title: string;
  /** Longest time that it may take. */
  readonly timeoutMs?: number;
  readonly run: (context: CheckContext) => Finding | Promise<Finding>;
}

/** A check with what it found; this is what `--json` prints. */
export interface CheckResult extends Finding {
  readonly id: string;
  readonly title: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** The words of whatever was thrown. */
export function wordsOf(caught: unknown): string {
  return caught instanceof Error ? caught.message : String(caught);
}

/** Runs all checks at once. One that throws, or does not end in time, has failed with its words. */
export function runChecks(
  checks: readonly Check[],
  subject: CheckSubject,
): Promise<readonly CheckResult[]> {
  return Promise.all(checks.map((check) => resultOf(check, subject)));
}

async function resultOf(check: Check, subject: CheckSubject): Promise<CheckResult> {
  const { id, title, timeoutMs = DEFAULT_TIMEOUT_MS } = check;
  const late = new Error(`This check did not end within ${timeoutMs / 1000} s.`);
  const expiry = new AbortController();
  const timer = setTimeout(() => expiry.abort(late), timeoutMs);
  const { signal } = expiry;
  try {
    const found = check.run({ ...subject, signal });
    return { id, title, ...(await Promise.race([found, rejectedBy(signal)])) };
  } catch (caught) {
    return { id, title, state: 'failed', detail: wordsOf(signal.aborted ? late : caught) };
  } finally {
    clearTimeout(timer);
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
