import type { SupervisorLink } from '../protocol/child.js';
import type { ModelAssignment, ModelReport } from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';
import { HostedModel, type HostOptions } from './hosted-model.js';

/** What models are loaded with. */
export interface Loading {
  readonly host: HostOptions;
  readonly link: SupervisorLink;
}

/**
 * Loads models side by side, reports each as it settles, and puts those that loaded into `models`.
 * @throws ChorusError of the first that failed, if all did: a worker without any model is of no use.
 */
export async function loadModels(
  assignments: readonly ModelAssignment[],
  models: Map<string, HostedModel>,
  loading: Loading,
): Promise<void> {
  const failures: ChorusError[] = [];
  await Promise.all(
    assignments.map(async (assignment) => {
      try {
        models.set(assignment.id, await loadModel(assignment, loading));
      } catch (caught) {
        failures.push(ChorusError.withCode('model_failed', caught));
      }
    }),
  );
  if (models.size === 0 && failures[0]) throw failures[0];
}

async function loadModel(
  assignment: ModelAssignment,
  { host, link }: Loading,
): Promise<HostedModel> {
  const startedAtMs = Date.now();
  const { id, service } = assignment;
  try {
    const model = await HostedModel.load(assignment, host);
    const loadMs = Date.now() - startedAtMs;
    logWarmUp(model, link);
    link.send({ type: 'model', report: readyReport(assignment, model, loadMs) });
    return model;
  } catch (caught) {
    const error = ChorusError.withCode('model_failed', caught);
    link.send({ type: 'model', report: { state: 'failed', id, service, error: error.toWire() } });
    throw error;
  }
}

/** Says how long it took to run every bucket, where that was done. */
function logWarmUp({ id, warm }: HostedModel, link: SupervisorLink): void {
  const { ms, steps, buckets } = warm;
  if (Object.keys(buckets).length === 0) return;
  const message = `Model ${id} has run all of its buckets.`;
  const fields = { model: id, warmUpMs: Math.round(ms), steps, buckets };
  link.send({ type: 'log', level: 'info', message, fields });
}

function readyReport(assignment: ModelAssignment, model: HostedModel, loadMs: number): ModelReport {
  const { id, service } = assignment;
  const replicas = model.replicas.length;
  const { provider = 'none', degradedReason } = model.replicas[0] ?? {};
  const degraded = degradedReason === undefined ? {} : { degradedReason };
  return { state: 'ready', id, service, replicas, provider, loadMs, ...degraded };
}
