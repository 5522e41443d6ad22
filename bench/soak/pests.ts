import { setTimeout as delay } from 'node:timers/promises';

import { note } from '../support/report.js';
import { LEAVING_PESTS } from './leaving-pests.js';
import type { Pest } from './pest.js';
import type { Site } from './site.js';
import { WRONG_PESTS } from './wrong-pests.js';

/** A busy server may say so to anybody. */
const BUSY = new Set([429, 503]);
const LONGEST_PAUSE_MS = 500;

/** Whether an answer is one that such a client deserves. */
export function isDeserved({ expected }: Pest, status: number | undefined): boolean {
  if (status === undefined || expected === undefined) return true;
  return expected.includes(status) || BUSY.has(status);
}

/** Lets so many clients of each kind misbehave until the load ends. */
export async function misbehave(site: Site, eachKind: number): Promise<void> {
  const pests = [...LEAVING_PESTS, ...WRONG_PESTS];
  await Promise.all(
    pests.flatMap((pest) =>
      Array.from({ length: eachKind }, (_, client) => again(site, pest, client)),
    ),
  );
}

async function again(site: Site, pest: Pest, client: number): Promise<void> {
  for (let turn = client * 100; !site.end.aborted; turn += 1) {
    try {
      const status = await pest.act(site, turn);
      // An answer that the end of the load has cut off says nothing.
      if (site.end.aborted) return;
      count(site, pest, status);
    } catch (caught) {
      if (!site.end.aborted) note(`soak: ${pest.name}: ${String(caught)}`);
    }
    const pauseMs = Math.random() * LONGEST_PAUSE_MS;
    await delay(pauseMs, undefined, { signal: site.end }).catch(() => undefined);
  }
}

function count({ tally }: Site, pest: Pest, status: number | undefined): void {
  tally.pest(pest.name, status);
  if (isDeserved(pest, status)) return;
  tally.wrongAnswers += 1;
  note(`soak: ${pest.name} was answered ${status}`);
}
