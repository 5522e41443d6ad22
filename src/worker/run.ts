import { once } from 'node:events';

import type { ComputeTarget, EngineTable } from '../engines/engine.js';
import { runChild, type ChildService, type SupervisorLink } from '../protocol/child.js';
import type { RunningStep, WorkerInit } from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';
import { createPhonemizer } from '../speech/phonemizer-thread.js';
import type { HostedModel, HostOptions } from './hosted-model.js';
import { loadModels } from './load-models.js';
import { RunningJournal } from './running-journal.js';
import { type FailedCall, WorkerServer } from './server.js';

/**
 * Runs a worker: loads the models that the supervisor names, reports each as it settles, then
 * serves them on the data socket. A model that cannot load is reported; the others serve on.
 * @param engines The engines that cards may name.
 */
export function runWorker(engines: EngineTable): void {
  runChild(async (init, link) => {
    if (init.role !== 'worker') throw new Error(`A worker cannot be ${init.role}.`);
    return startWorker(init, engines, link);
  });
}

async function startWorker(
  init: WorkerInit,
  engines: EngineTable,
  link: SupervisorLink,
): Promise<ChildService> {
  const resources = createPhonemizer().then((phonemizer) => ({ phonemizer }));
  // Whoever needs it waits for it; if no model loads, nobody does.
  resources.catch(() => {});
  const journal = new RunningJournal(init.journalPath);
  const models = new Map<string, HostedModel>();
  const runningSteps = (): RunningStep[] => [...models.values()].flatMap(stepsOf);
  const host: HostOptions = {
    engines,
    resources,
    target: targetOf(init),
    onRunning: () => journal.write(runningSteps().flatMap((step) => step.calls)),
    onDeviceLost: (error) => giveUpDevice(error, { models, server, link }),
  };
  const server = new WorkerServer({
    models,
    onFailure: (error, call) => logFailure(error, call, link),
  });
  await loadModels(init.models, models, { host, link });
  const { phonemizer } = await resources;
  server.server.listen(init.socketPath);
  await once(server.server, 'listening');
  let stopping = false;
  // Without it no text can be spoken here: a fresh worker takes this one's place.
  void phonemizer.stopped.then(() => stopping || process.exit(1));

  return {
    vitals: () => ({
      openRequests: server.openRequests,
      servedRequests: server.servedRequests,
      runningSteps: runningSteps(),
      work: [...models.values()].map((model) => ({ model: model.id, ...model.takeWork() })),
    }),
    cancel: (calls) => server.cancel(calls, hung()),
    brokenOff: (call) =>
      void server.ended(call).then(() => link.send({ type: 'call_ended', call })),
    async stop() {
      stopping = true;
      await server.close();
      await Promise.all([...models.values()].map((model) => model.close()));
      await phonemizer.close();
    },
  };
}

function stepsOf({ id, scheduler }: HostedModel): RunningStep[] {
  return scheduler.running.map(({ call, runningForMs }) => ({
    model: id,
    runningForMs,
    calls: [call],
  }));
}

/** The process is of no more use: whatever it would compute from now on fails or is wrong. */
function giveUpDevice(
  error: ChorusError,
  worker: {
    readonly models: ReadonlyMap<string, HostedModel>;
    readonly server: WorkerServer;
    readonly link: SupervisorLink;
  },
): void {
  worker.link.send({ type: 'device_lost', error: error.toWire() });
  // The others are not to blame, so they are told something else.
  const refusal = new ChorusError('unavailable', 'The device of this worker is lost.', {
    wasRunning: false,
  });
  worker.server.refuse(refusal);
  for (const model of worker.models.values()) model.scheduler.close(refusal);
}

function hung(): ChorusError {
  const message = 'The work took longer than STEP_TIMEOUT_MS allows and was given up.';
  return new ChorusError('replica_hung', message);
}

function targetOf(init: WorkerInit): ComputeTarget {
  if (init.device.kind === 'cpu') return { kind: 'cpu' };
  return { kind: 'cuda', required: init.requireGpu };
}

/** Logs what the client does not get to see. Errors of the request itself are the door's to log. */
function logFailure(error: ChorusError, call: FailedCall, link: SupervisorLink): void {
  if (error.status < 500) return;
  const cause = error.cause instanceof Error ? error.cause.stack : error.cause;
  const fields = { ...call, code: error.code, cause };
  link.send({ type: 'log', level: 'error', message: error.message, fields });
}
