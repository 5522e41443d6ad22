import { ChorusError } from '../../protocol/errors.js';
import type { GpuMemory } from '../../protocol/gpus.js';
import { leftOf, modelsToGo, overdraftOf, placedBytes, type PlacedModel } from './budget.js';

/** What an operator must know to make room. */
export interface RoomFigures {
  readonly workerId: string;
  readonly model: string;
  /** What the model takes; undefined if it was never measured. */
  readonly needsBytes: number | undefined;
  /** What all of the worker's models may take together; undefined if nobody knows. */
  readonly budgetBytes: number | undefined;
  /** Whether an operator set the budget. */
  readonly isLimited: boolean;
  /** Models that have their memory already. */
  readonly placed: readonly PlacedModel[];
  /** The GPU's memory now; undefined if it cannot be looked at. */
  readonly memory: GpuMemory | undefined;
}

/** The error of a model that is not loaded, because it would not fit. */
export function refusalOf(figures: RoomFigures): ChorusError {
  const { model, needsBytes = 0 } = figures;
  const words = [
    `${model} needs ${taking(needsBytes)} of the GPU.`,
    ...roomWords(figures),
    ...toGoWords(figures),
    remedy(figures),
  ];
  return new ChorusError('out_of_memory', words.join(' '), detailsOf(figures));
}

/** The error of a model whose load found no memory, although it was let begin. */
export function shortageOf(figures: RoomFigures, reason: string): ChorusError {
  const { model, needsBytes } = figures;
  const need =
    needsBytes === undefined
      ? 'what it needs was never measured'
      : `measured earlier: ${taking(needsBytes)}`;
  const words = [
    `${model} found no memory on the GPU (${need}): ${ended(reason)}`,
    ...roomWords(figures),
    remedy(figures),
  ];
  return new ChorusError('out_of_memory', words.join(' '), detailsOf(figures));
}

/** Says that models take more than they may together. */
export function overdraftWords(budgetBytes: number, placed: readonly PlacedModel[]): string {
  const over = taking(overdraftOf(budgetBytes, placed));
  return (
    `its models take ${over} of the GPU more than their budget of ${having(budgetBytes)} ` +
    `(${placed.map(named).join(', ')}): a long request may find no memory.`
  );
}

/** What is taken, in whole MiB: never less than it is. */
function taking(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** What is there to be taken, in whole MiB: never more than it is. */
function having(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}

function roomWords({ budgetBytes, placed, memory }: RoomFigures): string[] {
  const left =
    budgetBytes === undefined
      ? []
      : [
          `Of this worker's budget of ${having(budgetBytes)}, ` +
            `${having(leftOf(budgetBytes, placed))} are left.`,
        ];
  const { freeBytes = null, totalBytes = null } = memory ?? {};
  const free =
    freeBytes === null || totalBytes === null
      ? 'How much of the GPU is free is not known.'
      : `Of the GPU's ${having(totalBytes)}, ${having(freeBytes)} are free.`;
  const others = placed.length === 0 ? [] : [`There already: ${placed.map(named).join(', ')}.`];
  return [...left, free, ...others];
}

function toGoWords({ needsBytes = 0, budgetBytes = 0, placed }: RoomFigures): string[] {
  if (placed.length === 0) return [];
  const missingBytes = needsBytes - leftOf(budgetBytes, placed);
  const chosen = modelsToGo(missingBytes, placed);
  if (!chosen) return ['Not even without all of them would it fit.'];
  const names = chosen.map(({ model }) => model).join(', ');
  return [`${taking(missingBytes)} are missing: ${names} would have to go.`];
}

function remedy({ workerId, isLimited }: RoomFigures): string {
  const room = isLimited
    ? 'Raise GPU_MEMORY_LIMIT_MB, or take a model'
    : 'End other programs on the GPU, or take a model';
  return (
    `${room} from TTS_MODELS or ASR_MODELS; ` +
    `POST /admin/workers/${workerId}/restart looks again for room.`
  );
}

function named({ model, peakBytes }: PlacedModel): string {
  return `${model} ${taking(peakBytes)}`;
}

function ended(reason: string): string {
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}

function detailsOf({
  needsBytes,
  budgetBytes,
  placed,
  memory,
}: RoomFigures): Record<string, unknown> {
  return {
    needsBytes: needsBytes ?? null,
    budgetBytes: budgetBytes ?? null,
    leftBytes: budgetBytes === undefined ? null : leftOf(budgetBytes, placed),
    placedBytes: placedBytes(placed),
    freeBytes: memory?.freeBytes ?? null,
    totalBytes: memory?.totalBytes ?? null,
    placed: placed.map(({ model, peakBytes }) => ({ model, bytes: peakBytes })),
  };
}
