import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { bucketOf } from '../../../src/engines/buckets.js';
import {
  rowPadding,
  spanBuckets,
  warmSpan,
  warmSpans,
} from '../../../src/engines/funasr/buckets.js';
import { FrontEnd } from '../../../src/engines/funasr/front-end.js';
import { cardOf } from '../../support/speak.js';

const WIDTH = 560;
/** Rows of FunASR's models, without any normalisation. */
const FRONT_END = new FrontEnd({
  cmvn: { shift: new Float32Array(WIDTH), scale: new Float32Array(WIDTH).fill(1) },
  lfr: { width: 80, stackFrames: 7, shiftFrames: 6 },
});

function rowsOf(pcm: Int16Array): number {
  return FRONT_END.whole(pcm).length / WIDTH;
}

describe('the buckets of spans', () => {
  it('hold every span of up to 30 s', () => {
    const { rows } = spanBuckets({});
    for (let samples = 400; samples <= 480_000; samples += 37_793) {
      expect(rows).toContain(bucketOf(rowsOf(new Int16Array(samples)), rows));
    }
    expect(rowsOf(new Int16Array(480_000))).toBe(500);
  });

  it('are those of the card', async () => {
    const text = await readFile('models/sensevoice-small/model.yaml', 'utf8');
    const card = parse(text) as { buckets: Record<string, number[]> };
    expect(spanBuckets(card)).toEqual(card.buckets);
  });

  it('are each run with just as many rows when a replica is warmed up', async () => {
    const heard: number[] = [];
    const hear = async (pcm: Int16Array): Promise<void> => void heard.push(rowsOf(pcm));
    const buckets = spanBuckets({});
    expect(await warmSpans(buckets, hear)).toEqual(buckets);
    expect(heard).toEqual(buckets.rows);
    await warmSpan(hear);
    expect(heard.at(-1)).toBe(32);
  });

  it('get zeros after the speech, which is as long as before', () => {
    const load = {
      card: cardOf('test'),
      modelDir: '',
      target: { kind: 'cpu' },
      threads: 1,
    } as const;
    const speech = new Float32Array(3 * WIDTH).fill(1);
    const pad = rowPadding({ ...load, padded: true }, { provider: 'cpu' });
    const { rows, length, count } = pad(speech, WIDTH);
    expect([length, count, rows.length]).toEqual([32, 3, 32 * WIDTH]);
    expect(rows.subarray(0, speech.length)).toEqual(speech);
    expect(rows.subarray(speech.length).some((value) => value !== 0)).toBe(false);
    const same = rowPadding(load, { provider: 'cpu' })(speech, WIDTH);
    expect(same).toEqual({ rows: speech, length: 3, count: 3 });
  });
});
