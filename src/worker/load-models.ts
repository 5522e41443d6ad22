import type { SupervisorLink } from '../protocol/child.js';
import type { ModelAssignment, ModelReport } from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';
import { worstPlacement } from '../protocol/placement.js';
import { HostedModel, type HostOptions } from './hosted-model.js';
import { MeasuredLoad } from './measured-load.js';

/** What models are loaded with. */
export interface Loading {
  readonly host: HostOptions;
  readonly link: SupervisorLink;
}

/**
 * Loads models, reports each as it settles, and puts those that loaded into `models`. On the CPU
 * they load side by side; on a GPU one after the other, so that it is known which of them takes what.
 * @throws ChorusError of the first that failed, if all did: a worker without any model is of no use.
 */
export async function loadModels(
  assignments: readonly ModelAssignment[],
  models: Map<string, HostedModel>,
  loading: Loading,
): Promise<void> {
  const failures: ChorusError[] = [];
  const load = async (assignment: ModelAssignment): Promise<void> => {
    try {
      models.set(assignment.id, await loadModel(assignment, loading));
    } catch (caught) {
      failures.push(ChorusError.withCode('model_failed', caught));
    }
  };
  if (loading.host.target.kind === 'cpu') await Promise.all(assignments.map(load));
  else for (const assignment of assignments) await load(assignment);
  if (models.size === 0 && failures[0]) throw failures[0];
}

async function loadModel(assignment: ModelAssignment, loading: Loading): Promise<HostedModel> {
  const { link } = loading;
  const { id, service } = assignment;
  try {
    const { model, loadMs } = await loadOnDevice(assignment, loading);
    logBuckets(model, link);
    link.send({ type: 'model', report: readyReport(assignment, model, loadMs) });
    return model;
  } catch (caught) {
    const error = ChorusError.withCode('model_failed', caught);
    link.send({ type: 'model', report: { state: 'failed', id, service, error: error.toWire() } });
    throw error;
  }
}

/** Says how long it took to run every bucket, where that was done. */
function logBuckets({ id, runs }: HostedModel, link: SupervisorLink): void {
  const { ms, steps, buckets } = runs;
  if (Object.keys(buckets).length === 0) return;
  const message = `Model ${id} has run all of its buckets.`;
  const fields = { model: id, bucketsMs: Math.round(ms), steps, buckets };
  link.send({ type: 'log', level: 'info', message, fields });
}

async function loadOnDevice(
  assignment: ModelAssignment,
  { host, link }: Loading,
): Promise<{ readonly model: HostedModel; readonly loadMs: number }> {
  const { id } = assignment;
  const measured = host.target.kind === 'cpu' ? undefined : new MeasuredLoad(id, link);
  const startedAt = performance.now();
  await measured?.begin();
  const onLoaded = (_: string, replicas: HostedModel['replicas']) =>
    measured?.loaded(replicas) ?? Promise.resolve();
  const model = await HostedModel.load(assignment, { ...host, onLoaded });
  const loadMs = performance.now() - startedAt - (measured?.waitedMs ?? 0);
  await measured?.warm();
  return { model, loadMs: Math.round(loadMs) };
}

function readyReport(assignment: ModelAssignment, model: HostedModel, loadMs: number): ModelReport {
  const { id, service } = assignment;
  const replicas = model.replicas.length;
  const found = model.replicas.find((replica) => replica.degradedReason !== undefined);
  const { provider = 'none', degradedReason, precision } = found ?? model.replicas[0] ?? {};
  const degraded = degradedReason === undefined ? {} : { degradedReason };
  const placement = worstPlacement(model.replicas.flatMap((one) => one.placement ?? []));
  const known = { ...(placement && { placement }), ...(precision && { precision }) };
  return { state: 'ready', id, service, replicas, provider, loadMs, ...degraded, ...known };
}
