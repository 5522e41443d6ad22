import { once } from 'node:events';

import type { ComputeTarget, EngineTable } from '../engines/engine.js';
import { runChild, type ChildService, type SupervisorLink } from '../protocol/child.js';
import type { ModelAssignment, ModelReport, WorkerInit } from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';
import { createPhonemizer } from '../speech/phonemizer-thread.js';
import { HostedModel, type HostOptions } from './hosted-model.js';
import { WorkerServer } from './server.js';

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
  const phonemizer = await createPhonemizer();
  const host: HostOptions = { engines, resources: { phonemizer }, target: targetOf(init) };
  const loaded = await Promise.all(init.models.map((model) => loadModel(model, host, link)));
  const models = new Map(loaded.flatMap((model) => (model ? [[model.id, model] as const] : [])));
  const server = new WorkerServer({ models, onFailure: (error) => logFailure(error, link) });
  server.server.listen(init.socketPath);
  await once(server.server, 'listening');
  let stopping = false;
  // Without it no text can be spoken here: a fresh worker takes this one's place.
  void phonemizer.stopped.then(() => stopping || process.exit(1));

  return {
    vitals: () => ({
      openRequests: server.openRequests,
      runningSteps: [...models.values()].flatMap((model) =>
        model.scheduler.runningSinceMs.map((startedAtMs) => ({ model: model.id, startedAtMs })),
      ),
    }),
    async stop() {
      stopping = true;
      await server.close();
      await Promise.all([...models.values()].map((model) => model.close()));
      await phonemizer.close();
    },
  };
}

function targetOf(init: WorkerInit): ComputeTarget {
  if (init.device.kind === 'cpu') return { kind: 'cpu' };
  return { kind: 'cuda', required: init.requireGpu };
}

async function loadModel(
  assignment: ModelAssignment,
  host: HostOptions,
  link: SupervisorLink,
): Promise<HostedModel | undefined> {
  const startedAtMs = Date.now();
  const { id, service } = assignment;
  try {
    const model = await HostedModel.load(assignment, host);
    const loadMs = Date.now() - startedAtMs;
    link.send({ type: 'model', report: readyReport(assignment, model, loadMs) });
    return model;
  } catch (caught) {
    const error = ChorusError.withCode('model_failed', caught).toWire();
    link.send({ type: 'model', report: { state: 'failed', id, service, error } });
    return undefined;
  }
}

function readyReport(assignment: ModelAssignment, model: HostedModel, loadMs: number): ModelReport {
  const { id, service } = assignment;
  const replicas = model.replicas.length;
  const { provider = 'none', degradedReason } = model.replicas[0] ?? {};
  const degraded = degradedReason === undefined ? {} : { degradedReason };
  return { state: 'ready', id, service, replicas, provider, loadMs, ...degraded };
}

/** Logs what the client does not get to see. Errors of the request itself are the door's to log. */
function logFailure(error: ChorusError, link: SupervisorLink): void {
  if (error.status < 500) return;
  const cause = error.cause instanceof Error ? error.cause.stack : error.cause;
  const fields = { code: error.code, cause };
  link.send({ type: 'log', level: 'error', message: error.message, fields });
}
