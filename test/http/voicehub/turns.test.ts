import { expect, test } from 'vitest';

import { Turns } from '../../../src/http/voicehub/turns.js';
import { ChorusError } from '../../../src/protocol/errors.js';
import { gate } from '../../support/streams.js';

const never = new AbortController().signal;

test('only so many work at once, in the order of their arrival', async () => {
  const turns = new Turns(2);
  const gates = Array.from({ length: 5 }, () => gate());
  const begun: number[] = [];
  const works = gates.map((one, index) =>
    turns.take(never, async () => {
      begun.push(index);
      await one.opened;
    }),
  );
  expect(begun).toEqual([0, 1]);
  gates[1]?.open();
  await works[1];
  await Promise.resolve();
  gates[0]?.open();
  await works[0];
  for (const one of gates) one.open();
  await Promise.all(works);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

test('who goes away gives its turn to the next, and a failure too', async () => {
  const turns = new Turns(1);
  const first = gate();
  const running = turns.take(never, async () => {
    await first.opened;
    throw new Error('broken');
  });
  const leaver = new AbortController();
  const left = turns.take(leaver.signal, () => Promise.resolve('never'));
  const last = turns.take(never, () => Promise.resolve('last'));
  leaver.abort(new ChorusError('canceled', 'gone'));
  await expect(left).rejects.toThrow('gone');
  first.open();
  await expect(running).rejects.toThrow('broken');
  expect(await last).toBe('last');
  await expect(turns.take(leaver.signal, () => Promise.resolve('never'))).rejects.toThrow('gone');
  expect(await turns.take(never, () => Promise.resolve('again'))).toBe('again');
});
