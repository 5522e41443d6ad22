import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { halfGraph } from '../onnx/half.js';
import { withLargeConstantsApart } from '../onnx/large-constants.js';
import { readModel } from '../onnx/read-model.js';
import type { OnnxModel, OnnxNode } from '../onnx/types.js';
import { writeGraph } from '../onnx/write.js';
import { writeWhole } from '../write-whole.js';
import { CUT_FILES, CUT_FORMAT, readCut, type WindowedCut } from './cut-file.js';
import {
  cutFileIn,
  HALF_FACTS,
  HALF_FORMAT,
  HALF_PARTS,
  type HalfPart,
  type PiperHalf,
} from './half-file.js';
import { HalfTrial } from './half-trial.js';
import { probeIds } from './probe.js';

/** What a killed process left here is removed by the next one. */
const WORK_FOLDER = '.half.part';
/** Half of the largest 16-bit float: louder voices and other texts get the other half. */
const MAX_MAGNITUDE = 32_768;
/** Below the smallest 16-bit float that has all its digits a tensor loses its own. */
const MIN_MAGNITUDE = 2 ** -14;
/**
 * Least ratio of the voice to its difference from the one in 32 bits: 0.3 % of the amplitude. The decoder
 * of a voice of middle quality has 55 to 58 dB over five texts; with its flow in 16 bits too, for less
 * than a fifth of the work, it is 31 to 42.
 */
const MIN_SNR_DB = 50;
/**
 * What 16 bits do not suit whatever its values are: an exponential multiplies the error of what goes in,
 * and the last step of the decoder is what is heard.
 */
const KEPT_OPERATORS: Readonly<Record<HalfPart, ReadonlySet<string>>> = {
  flow: new Set(['Exp']),
  decoder: new Set(['Tanh']),
};

/** What to put into 16 bits. */
export interface HalveOptions {
  readonly modelDir: string;
  readonly onProgress?: ((progress: { readonly doneBytes: number }) => void) | undefined;
}

/**
 * Puts the flow and the decoder of a cut voice into 16-bit floats. Which nodes stay in 32 is measured:
 * the voice speaks a few takes of a text, and what becomes too large or too small for 16 bits stays.
 * Then both speak, and if the difference could be heard less of the voice is changed, or nothing.
 * @throws Error of the file system.
 */
export async function halveVoice({ modelDir, onProgress }: HalveOptions): Promise<PiperHalf> {
  const workDir = join(modelDir, WORK_FOLDER);
  await rm(workDir, { recursive: true, force: true });
  await mkdir(workDir);
  try {
    const cut = await readCut(modelDir);
    const { facts, models } =
      cut?.streaming === 'windows'
        ? await halve(modelDir, cut)
        : { facts: factsOf({ parts: [], reason: 'its graph is not cut' }), models: new Map() };
    await writeModels(workDir, models, onProgress);
    await place(workDir, modelDir, facts);
    return facts;
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

interface Halved {
  readonly facts: PiperHalf;
  readonly models: ReadonlyMap<HalfPart, OnnxModel>;
}

function factsOf(
  found: Omit<PiperHalf, 'format' | 'keptNodes'> & { keptNodes?: number },
): PiperHalf {
  return { format: `${CUT_FORMAT} ${HALF_FORMAT}`, keptNodes: 0, ...found };
}

async function halve(modelDir: string, cut: WindowedCut): Promise<Halved> {
  const whole = {
    flow: await readModel(join(modelDir, CUT_FILES.flow)),
    decoder: await readModel(join(modelDir, CUT_FILES.decoder)),
  };
  try {
    const trial = new HalfTrial({ modelDir, cut, ids: await probeIds(modelDir), models: whole });
    return await withinReach(trial, whole);
  } catch (caught) {
    if (caught instanceof Error && 'syscall' in caught) throw caught;
    const reason = caught instanceof Error ? caught.message : String(caught);
    return { facts: factsOf({ parts: [], reason }), models: new Map() };
  }
}

/** Tries both parts, then the decoder alone, which is the most of the work. */
async function withinReach(
  trial: HalfTrial,
  whole: Readonly<Record<HalfPart, OnnxModel>>,
): Promise<Halved> {
  const unfit = await trial.unfit({ min: MIN_MAGNITUDE, max: MAX_MAGNITUDE });
  const keeps = (part: HalfPart) => (node: OnnxNode) =>
    KEPT_OPERATORS[part].has(node.opType) || node.outputs.some((name) => unfit[part].has(name));
  const tried: string[] = [];
  for (const parts of [[...HALF_PARTS], ['decoder' as const]]) {
    const snrDb = await trial.snrDb(new Map(parts.map((part) => [part, keeps(part)])));
    const reason = tried.length > 0 ? { reason: tried.join('; ') } : {};
    tried.push(`${parts.join(' and ')} in 16 bits differ by ${snrDb.toFixed(1)} dB`);
    if (!(snrDb >= MIN_SNR_DB)) continue;
    const models = new Map(parts.map((part) => [part, asHalf(whole[part], keeps(part))] as const));
    const kept = parts.map((part) => whole[part].graph.nodes.filter(keeps(part)).length);
    const keptNodes = kept.reduce((sum, count) => sum + count, 0);
    return { facts: factsOf({ parts, snrDb, keptNodes, ...reason }), models };
  }
  return { facts: factsOf({ parts: [], reason: tried.join('; ') }), models: new Map() };
}

function asHalf(model: OnnxModel, keeps: (node: OnnxNode) => boolean): OnnxModel {
  return { ...model, graph: halfGraph(model.graph, { keeps }) };
}

async function writeModels(
  workDir: string,
  models: ReadonlyMap<HalfPart, OnnxModel>,
  onProgress: HalveOptions['onProgress'],
): Promise<void> {
  let doneBytes = 0;
  const onBytes = (bytes: number): void => {
    doneBytes += bytes;
    onProgress?.({ doneBytes });
  };
  for (const [part, { graph, opsets }] of models) {
    const path = join(workDir, cutFileIn(CUT_FILES[part], 'fp16'));
    await writeGraph(path, withLargeConstantsApart(graph), { opsets, onBytes });
  }
}

/** Facts and graphs of two builds must never be read together: the facts go first and come last. */
async function place(workDir: string, modelDir: string, facts: PiperHalf): Promise<void> {
  await rm(join(modelDir, HALF_FACTS), { force: true });
  for (const part of HALF_PARTS) {
    const graph = cutFileIn(CUT_FILES[part], 'fp16');
    for (const name of [`${graph}.data`, graph]) {
      const isMade = facts.parts.includes(part);
      if (isMade) await rename(join(workDir, name), join(modelDir, name));
      else await rm(join(modelDir, name), { force: true });
    }
  }
  await writeWhole(join(modelDir, HALF_FACTS), `${JSON.stringify(facts, undefined, 2)}\n`);
}
