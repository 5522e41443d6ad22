import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ChorusError } from '../../src/protocol/errors.js';
import { LiveAudio } from '../../src/protocol/live-audio.js';
import type { LiveEvent, LiveRequest } from '../../src/protocol/live.js';
import type { Lease } from '../../src/routing/router.js';
import { eventually } from '../support/eventually.js';
import { type LiveServer, startLiveServer } from '../support/live-server.js';

const SECOND = new Uint8Array(32_000);

/** So many seconds of silence, as fast as anybody takes them. */
function seconds(count: number, onTaken: () => void = () => {}): LiveAudio {
  let left = count;
  const audio: LiveAudio = new LiveAudio(() => {
    onTaken();
    left -= 1;
    if (left > 0) audio.push(SECOND);
    else audio.end();
  });
  if (count > 0) audio.push(SECOND);
  else audio.end();
  return audio;
}

async function readAll(events: AsyncIterable<LiveEvent>): Promise<LiveEvent[]> {
  const all: LiveEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
const never = new AbortController().signal;

/** The duplex call between the supervisor and a real worker process. */
describe('a live call', () => {
  let server: LiveServer;

  beforeEach(async () => {
    server = await startLiveServer({ workers: 1 });
  });

  afterEach(async () => {
    await server.stop();
  });

  const place = (model = 'live'): Promise<Lease> =>
    server.supervisor.router.acquire(
      {
        service: 'asr',
        model,
        class: 'interactive',
        client: 'test',
        cost: 1,
        requestId: 'live',
        digest: async () => 'live',
      },
      never,
    );

  const request = (language = 'echo', model = 'live'): LiveRequest => ({
    model,
    sampleRateHz: 16_000,
    language,
  });

  const kinds = (events: readonly LiveEvent[]): string[] => events.map(({ type }) => type);

  const leases = (): number => server.supervisor.status().requests.leases;

  it('answers while the speaker goes on', async () => {
    const lease = await place();
    const audio = new LiveAudio();
    audio.push(SECOND);
    const events: LiveEvent[] = [];
    for await (const event of lease.listen(request(), audio, never)) {
      events.push(event);
      // The speaker goes on only when the first words have come back.
      if (event.type !== 'partial') continue;
      audio.push(new Uint8Array(48_000));
      audio.end();
    }
    lease.release();
    expect(kinds(events)).toEqual(['start', 'partial', 'partial', 'segment', 'usage', 'done']);
    expect(events[4]).toMatchObject({ type: 'usage', usage: { audioSeconds: 2.5 } });
  });

  it('ends at the engine before the speaker has ended, and the worker serves the next one', async () => {
    const lease = await place();
    for (const count of [20, Infinity]) {
      const events = await readAll(lease.listen(request('early'), seconds(count), never));
      expect(kinds(events)).toEqual(['start', 'partial', 'segment', 'usage', 'done']);
    }
    expect(await readAll(lease.listen(request(), seconds(1), never))).toHaveLength(5);
    lease.release();
    expect(server.supervisor.status().workers[0]).toMatchObject({ state: 'ready', restarts: 0 });
  });

  it('stops at once when it is aborted: no further step starts', async () => {
    const lease = await place();
    const abort = new AbortController();
    const gateStep = request(`gate ${join(server.modelDir, 'a')}`);
    const heard = readAll(lease.listen(gateStep, seconds(Infinity), abort.signal));
    heard.catch(() => undefined);
    await eventually(async () => expect(await server.startedSteps()).toHaveLength(1));
    abort.abort();
    await expect(heard).rejects.toMatchObject({ code: 'canceled' });
    // A second call's step runs after whatever the first one would still have had.
    const second = readAll(lease.listen(request('fail'), seconds(1), never));
    await expect(second).rejects.toMatchObject({ code: 'internal' });
    const actions = (await server.startedSteps()).map((step) => step.split(' ')[1]);
    expect(actions).toEqual(['gate', 'fail']);
    lease.release();
    expect(leases()).toBe(0);
  });

  it('holds the speaker back while the engine computes', async () => {
    const lease = await place();
    let taken = 0;
    const file = join(server.modelDir, 'a');
    const audio = seconds(1_000, () => (taken += 1));
    const events = lease.listen(request(`gate ${file}`), audio, never)[Symbol.asyncIterator]();
    await events.next();
    const partial = events.next();
    await eventually(async () => expect(await server.startedSteps()).toHaveLength(1));
    let before = -1;
    await eventually(() => {
      const isQuiet = taken === before;
      before = taken;
      expect(isQuiet).toBe(true);
    });
    expect(taken).toBeLessThan(100);
    await writeFile(file, '');
    expect((await partial).value).toMatchObject({ type: 'partial' });
    await events.return?.();
    lease.release();
  });

  it('tells of audio that fails, and does not blame the worker', async () => {
    const lease = await place();
    const audio = new LiveAudio();
    const events = lease.listen(request(), audio, never)[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ type: 'start' });
    audio.fail(new ChorusError('replica_lost', 'The decoder has gone.'));
    await expect(events.next()).rejects.toThrow('The decoder has gone.');
    lease.release();
    const again = await place();
    expect(await readAll(again.listen(request(), seconds(0), never))).toHaveLength(4);
    again.release();
    expect(server.supervisor.status().workers[0]).toMatchObject({ restarts: 0 });
  });

  it('is refused by a model that cannot listen, with its name', async () => {
    const lease = await place('deaf');
    const heard = readAll(lease.listen(request('echo', 'deaf'), seconds(1), never));
    await expect(heard).rejects.toMatchObject({
      code: 'not_implemented',
      message: expect.stringContaining('deaf'),
    });
    lease.release();
  });
});
