import { describe, expect, it } from 'vitest';

import { LiveAudio } from '../../src/protocol/live-audio.js';
import { LIVE_CONTROL_BYTES } from '../../src/protocol/live.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('live audio', () => {
  it('gives what was brought, in its order, to whoever iterates, now or later', async () => {
    const audio = new LiveAudio();
    audio.push(bytes(1, 2));
    const heard: number[] = [];
    const hearing = (async () => {
      for await (const piece of audio) {
        if (!(piece instanceof Uint8Array)) continue;
        heard.push(...piece);
        if (piece[0] === 1) setImmediate(() => (audio.push(bytes(3)), audio.push(bytes(4))));
        if (piece[0] === 4) audio.end();
      }
    })();
    await hearing;
    expect(heard).toEqual([1, 2, 3, 4]);
  });

  it('counts what waits, and tells of each piece that is taken', () => {
    const taken: number[] = [];
    const audio = new LiveAudio((count) => taken.push(count));
    audio.push(bytes(1, 2));
    audio.push(bytes(3));
    audio.push(bytes());
    expect(audio.waitingBytes).toBe(3);
    expect(audio.take()).toEqual(bytes(1, 2));
    expect(audio.waitingBytes).toBe(1);
    audio.end();
    audio.push(bytes(9));
    expect(audio.isOver).toBe(false);
    audio.close();
    expect(audio).toMatchObject({ waitingBytes: 0, isOver: true });
    expect(audio.take()).toBeUndefined();
    expect(taken).toEqual([2, 1]);
  });

  it('keeps what is said about the speech in its place, and counts it too', () => {
    const taken: number[] = [];
    const audio = new LiveAudio((count) => taken.push(count));
    audio.push(bytes(1));
    audio.push({ type: 'commit' });
    audio.push(bytes(2));
    expect(audio.waitingBytes).toBe(2 + LIVE_CONTROL_BYTES);
    expect([audio.take(), audio.take()]).toEqual([bytes(1), { type: 'commit' }]);
    expect(audio).toMatchObject({ waitingBytes: 1, hasPiece: true });
    expect(taken).toEqual([1, LIVE_CONTROL_BYTES]);
  });

  it('throws its failure, and drops what waited', async () => {
    const audio = new LiveAudio();
    audio.push(bytes(1));
    audio.fail(new Error('no more'));
    await expect(audio[Symbol.asyncIterator]().next()).rejects.toThrow('no more');
    const ended = new LiveAudio();
    ended.end();
    ended.fail(new Error('too late'));
    expect(await ended[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  it('wants nothing more once its taker has left', async () => {
    const audio = new LiveAudio();
    audio.push(bytes(1));
    for await (const piece of audio) if (piece) break;
    audio.push(bytes(2));
    expect(audio).toMatchObject({ waitingBytes: 0, isOver: true });
  });
});
