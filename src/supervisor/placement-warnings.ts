import type { Device, ModelReport } from '../protocol/control.js';
import { heavyCpuOperators, operatorWords, type Placement } from '../protocol/placement.js';

type ReadyReport = Extract<ModelReport, { readonly state: 'ready' }>;

/** What an operator should know of where a loaded model computes; undefined if all is well. */
export function placementWarning(report: ReadyReport, device: Device): string | undefined {
  if (device.kind === 'cpu') return undefined;
  const { degradedReason, placement } = report;
  if (degradedReason !== undefined) return degradedWords(degradedReason, placement);
  if (!placement) return undefined;
  const heavy = heavyCpuOperators(placement);
  const isElsewhere = placement.deviceShare === 0;
  if (heavy.length === 0 && !isElsewhere) return undefined;
  const { provider, nodes, cpuOperators } = placement;
  const all = Object.values(nodes).reduce((sum, count) => sum + count, 0);
  const some = isElsewhere
    ? `none of its ${all} nodes`
    : `only ${nodes[provider] ?? 0} of its ${all} nodes`;
  return (
    `was opened on ${provider}, but ${some} ran there. ` +
    `On the CPU ran ${operatorWords(heavy.length > 0 ? heavy : cpuOperators)}.`
  );
}

function degradedWords(reason: string, placement: Placement | undefined): string {
  const operators = placement?.cpuOperators ?? [];
  const ran = operators.length > 0 ? ` On the CPU ran ${operatorWords(operators)}.` : '';
  const why = reason.trim().replace(/\.$/, '');
  const advice = '`chorus setup cuda --check` says what the GPU lacks.';
  return `runs on the CPU, not on its GPU: ${why}.${ran} ${advice}`;
}
