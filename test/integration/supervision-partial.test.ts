import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { SCRIPTED_CARD } from '../support/scripted-card.js';
import { eventually } from '../support/eventually.js';
import {
  SCRIPTED_PLACE,
  startScriptedFleet,
  type ScriptedFleet,
} from '../support/scripted-fleet.js';

let fleet: ScriptedFleet;
let root: string;

afterEach(async () => {
  await fleet.stop();
  await rm(root, { recursive: true });
});

it('a model that could not load is not waited for after its worker was thought to hang', async () => {
  root = await mkdtemp(join(tmpdir(), 'chorus-partial-'));
  const dir = join(root, 'scripted');
  await mkdir(dir);
  await writeFile(join(dir, 'model.yaml'), SCRIPTED_CARD);
  const model = { id: 'scripted', service: 'tts', dir, replicas: 1, threads: 1 } as const;
  const absent = { ...model, id: 'absent', dir: join(root, 'absent') };
  const workers = [{ id: 'cpu-0', device: { kind: 'cpu' }, models: [model, absent] }] as const;
  fleet = await startScriptedFleet(1, { workers, stepTimeoutMs: 1_000 });
  const { signal } = new AbortController();
  const acquire = (id: string) => {
    const place = { ...SCRIPTED_PLACE, model: id, digest: async () => id };
    return fleet.supervisor.router.acquire(place, signal);
  };
  await expect(acquire('absent')).rejects.toMatchObject({ code: 'unavailable' });
  const lease = await acquire('scripted');
  const text = `gate ${join(root, 'never')}`;
  const speech = { model: 'scripted', text, voice: 'joe', speed: 1 };
  const events = lease.synthesize(speech, signal)[Symbol.asyncIterator]();
  await events.next();
  await expect(events.next()).rejects.toMatchObject({ code: 'replica_hung' });
  lease.release();
  await eventually(() => expect(fleet.supervisor.status().workers[0]!.state).toBe('ready'));
  await expect(acquire('absent')).rejects.toMatchObject({ code: 'unavailable' });
});
