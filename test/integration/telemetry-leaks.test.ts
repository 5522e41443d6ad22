import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import {
  SCRIPTED_PLACE,
  type ScriptedFleet,
  startScriptedFleet,
} from '../support/scripted-fleet.js';
import { takingText } from '../workers/leaking-engine.js';

const MIB = 2 ** 20;
const REQUEST_BYTES = 1.5 * MIB;
/** More than a garbage collector lets lie about. */
const GROWTH_BYTES = 96 * MIB;
const LEAKING = new Set(['cpu-0', 'cpu-1']);

describe('a worker that leaks', () => {
  let fleet: ScriptedFleet;
  const end = new AbortController();
  /** Life cycle of all workers in one line, as `cpu-0 ready`. */
  const states: string[] = [];
  const suspected: string[] = [];

  afterEach(async () => {
    end.abort();
    await fleet.stop();
  });

  function info(fields: object, message: string): void {
    const [, worker, state] = /^(cpu-\d) is (\w+)$/.exec(message) ?? [];
    if (worker !== undefined) states.push(`${worker} ${state}`);
    if (message === 'a worker may leak memory' && 'worker' in fields) {
      suspected.push(String(fields.worker));
    }
  }

  /** Asks again and again; two of the workers keep what they take. */
  async function client(failures: unknown[]): Promise<void> {
    const never = new AbortController().signal;
    while (!end.signal.aborted) {
      try {
        const lease = await fleet.supervisor.router.acquire(SCRIPTED_PLACE, never);
        const text = takingText(LEAKING.has(lease.workerId) ? 'keep' : 'drop', REQUEST_BYTES);
        const request = { model: 'scripted', text, voice: 'joe', speed: 1 };
        for await (const event of lease.synthesize(request, never)) void event;
        lease.release();
      } catch (caught) {
        failures.push(caught);
      }
      // As clients do: there must be idle moments.
      await delay(100);
    }
  }

  it('is found and replaced, one at a time, and no request fails; one that does not stays', async () => {
    const log = { debug() {}, info, warn: info, error: info };
    fleet = await startScriptedFleet(3, {
      log,
      workerEntry: new URL('../workers/leaking-entry.js', import.meta.url),
      leakGrowthBytes: GROWTH_BYTES,
      leakRecycle: true,
      leakTiming: { minIntervalMs: 0, maxIntervalMs: 60_000, warmUpPoints: 2 },
    });
    const failures: unknown[] = [];
    const clients = [client(failures), client(failures), client(failures)];
    const { workers } = fleet.supervisor;
    const leaks = () => workers.map(({ slot }) => slot.history.restarts.get('leak') ?? 0);
    // A point a second at most: it takes its time.
    for (const found of [1, 2]) await eventually(() => expect(suspected).toHaveLength(found));
    await eventually(() => expect(leaks().slice(0, 2)).toEqual([1, 1]));
    await eventually(() => expect(workers.map(({ slot }) => slot.state)).not.toContain('stopped'));
    end.abort();
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(suspected.toSorted()).toEqual(['cpu-0', 'cpu-1']);
    expect(leaks()[2]).toBe(0);
    const memory = fleet.supervisor.telemetry.memory(workers);
    expect(memory.map(({ leakSuspicions }) => leakSuspicions)).toEqual([
      { rss: 1, vram: 0 },
      { rss: 1, vram: 0 },
      { rss: 0, vram: 0 },
    ]);
    const [first = '', second = ''] = suspected;
    const away = [`${first} draining`, `${first} ready`, `${second} draining`];
    const order = states.slice(states.indexOf(`${first} draining`));
    expect(order.filter((line) => away.includes(line)).slice(0, 3)).toEqual(away);
  });
});
