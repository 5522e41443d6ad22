import { tmpdir } from 'node:os';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { observe } from '../../src/cli/observe.js';
import { eventually } from '../support/eventually.js';
import { gone, look } from '../support/process-tree.js';
import { gpuOf, ScriptedGpus } from '../support/scripted-gpus.js';
import {
  type ScriptedFleet,
  type ScriptedFleetOptions,
  startScriptedFleet,
} from '../support/scripted-fleet.js';

const SILENCE_MS = 500;
const TELEMETRY_ENTRY = new URL('../workers/telemetry-entry.js', import.meta.url);

interface Line {
  readonly level: string;
  readonly message: string;
  readonly reason?: string;
}

/** Real telemetry processes that tell what the test says. */
describe('the telemetry process', () => {
  let gpus: ScriptedGpus;
  let fleet: ScriptedFleet;
  const lines: Line[] = [];

  beforeEach(() => {
    gpus = new ScriptedGpus();
    lines.length = 0;
  });
  afterEach(async () => {
    await fleet.stop();
    gpus.remove();
  });

  async function start(options: ScriptedFleetOptions = {}): Promise<void> {
    const note = (level: string) => (fields: object, message: string) =>
      void lines.push({ ...fields, level, message });
    fleet = await startScriptedFleet(1, {
      log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
      telemetryEntry: TELEMETRY_ENTRY,
      nvmlLibrary: gpus.path,
      telemetrySilenceMs: SILENCE_MS,
      ...options,
    });
  }

  const telemetry = () => fleet.supervisor.status().telemetry!;
  const known = () => fleet.supervisor.telemetry.gpus();
  const warnings = () => fleet.supervisor.status().warnings;
  const logged = (message: string): Line[] => lines.filter((line) => line.message === message);
  const seen = (): Promise<void> => eventually(() => expect(known().snapshot).toBeDefined());

  it('tells what it sees, and how much memory it has itself', async () => {
    gpus.show([gpuOf('GPU-0', { temperatureCelsius: 40 })]);
    await start();
    await seen();
    expect(known()).toMatchObject({
      snapshot: { gpus: [{ uuid: 'GPU-0', temperatureCelsius: 40 }] },
      error: undefined,
    });
    expect(telemetry()).toMatchObject({ state: 'ready', restarts: 0 });
    const bytes = () => fleet.supervisor.figures().residentBytes;
    await eventually(() => {
      expect([...bytes().keys()].toSorted()).toEqual(['cpu-0', 'media', 'telemetry']);
    });
    for (const rssBytes of bytes().values()) expect(rssBytes).toBeGreaterThan(2 ** 20);
    expect(warnings()).toEqual([]);
  });

  it.each(['block', 'mute'] as const)('is replaced when it falls silent: %s', async (order) => {
    gpus.show([gpuOf('GPU-0')]);
    await start();
    await seen();
    const { pid } = telemetry();
    const before = look(pid!)!;
    gpus.tell({ order });
    await eventually(() => expect(telemetry().restarts).toBe(1));
    expect(telemetry().lastFailure?.reason).toBe('nothing was heard of the GPUs for 0.5 s');
    await gone([before]);
    await eventually(() => expect(telemetry()).toMatchObject({ state: 'ready' }));
    await seen();
    expect(telemetry().pid).not.toBe(pid);
    expect(warnings()).toEqual([]);
  });

  it('warns when GPUs could be read and cannot be any more, and not in the name of others', async () => {
    gpus.show([gpuOf('GPU-0')]);
    await start();
    await seen();
    for (let look = 0; look < 5; look += 1) gpus.tell({ state: 'failed', reason: 'The door.' });
    await eventually(() => expect(known().snapshot).toBeUndefined());
    expect(known().error).toBe('The door.');
    expect(warnings()).toEqual(['the GPUs are not watched any more: The door.']);
    gpus.show([gpuOf('GPU-0')]);
    await eventually(() => expect(known().error).toBeUndefined());
    expect(warnings()).toEqual([]);
    await eventually(() => expect(logged('the GPUs can be read again')).toHaveLength(1));
    expect(logged('the GPUs cannot be read')).toMatchObject([
      { level: 'warn', reason: 'The door.' },
    ]);
  });

  it('has failed at its first look if it never comes to it', async () => {
    await start();
    const { process } = fleet.supervisor.telemetry;
    await eventually(() => expect(telemetry().restarts).toBeGreaterThan(0));
    expect(process?.lastLook).toBe('failed');
    gpus.show([gpuOf('GPU-0')]);
    await eventually(() => expect(process?.lastLook).toBe('read'));
  });

  it('has its last snapshot forgotten when it is old', async () => {
    gpus.show([gpuOf('GPU-0', { temperatureCelsius: 95 })]);
    await start();
    const { supervisor } = fleet;
    const log = pino({ level: 'silent' });
    const observation = observe({ supervisor, log, dataDir: tmpdir() });
    await seen();
    await eventually(() => expect(observation.warnings()).toHaveLength(1));
    // The third waits for longer than a snapshot is good for.
    for (const restarts of [1, 2, 3]) {
      await eventually(() => expect(telemetry().state).toBe('ready'));
      gpus.tell({ order: 'crash' });
      await eventually(() => expect(telemetry().restarts).toBe(restarts));
    }
    await eventually(() => {
      expect(known().snapshot).toBeUndefined();
      expect(known().error).toMatch(/were last read \d+ s ago. The process was ended by SIGKILL./);
      expect(observation.warnings()).toEqual([]);
    });
    observation.close();
    await seen();
  });

  it('is not kept where there is no driver', async () => {
    gpus.tell({ state: 'absent', reason: 'There is no such library.' });
    await start();
    await eventually(() => expect(telemetry()).toMatchObject({ state: 'stopped', restarts: 0 }));
    expect(telemetry().pid).toBeUndefined();
    expect(known()).toEqual({
      snapshot: undefined,
      error: 'There is no such library.',
      ageMs: undefined,
    });
    expect(logged('no GPUs are watched')).toMatchObject([
      { level: 'warn', reason: 'There is no such library.' },
    ]);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  it('holds up nobody who waits for the fleet, and cannot take it down', async () => {
    await start({ telemetryEntry: new URL('../workers/silent-entry.js', import.meta.url) });
    expect(telemetry().state).not.toBe('ready');
    expect(fleet.supervisor.status().workers).toMatchObject([{ state: 'ready' }]);
    expect(warnings()).toEqual([]);
  });

  it.each(['silent-entry.js', 'blocked-entry.js', 'leaving-entry.js', 'telemetry-entry.js'])(
    'does not outlive the supervisor, whatever it does: %s',
    async (name) => {
      gpus.show([gpuOf('GPU-0')]);
      await start({ telemetryEntry: new URL(`../workers/${name}`, import.meta.url) });
      const { pid } = await eventually(() => {
        expect(telemetry().pid ?? telemetry().restarts).toBeGreaterThan(0);
        return telemetry();
      });
      const process = pid === undefined ? undefined : look(pid);
      await fleet.supervisor.stop();
      expect(telemetry()).toMatchObject({ state: 'stopped' });
      expect(telemetry().pid).toBeUndefined();
      if (process) await gone([process]);
    },
  );

  it('is ended by a supervisor that is stopped while it starts', async () => {
    await start({ waits: false });
    const pid = telemetry().pid!;
    const process = look(pid)!;
    await fleet.supervisor.stop();
    await gone([process]);
    expect(telemetry().state).toBe('stopped');
  });
});
