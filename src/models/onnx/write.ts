import { open, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';

import type { LazyTensor } from './builder.js';
import { encodeModel } from './encode.js';
import type { OnnxGraph, OnnxTensor } from './types.js';

/** Offsets of weights in their file are multiples of this, so that they can be mapped and used. */
const ALIGNMENT_BYTES = 64;
/** IR version 10 belongs to ONNX 1.16, the first that has operator set 21; onnxruntime 1.30 reads it. */
const IR_VERSION = 10;

/** A graph whose large constants are read when they are written; a GraphBuilder is one. */
export interface WritableGraph {
  readonly weights: ReadonlyMap<string, LazyTensor>;
  /** The graph, with the given tensors in the place of its weights. */
  build(weights: readonly OnnxTensor[]): OnnxGraph;
}

/** What to say in the file beside the graph itself. */
export interface WriteOptions {
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Told after each weight how many bytes it had. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Writes a graph to `path` and its weights to `<path>.data`, one weight in memory at a time (a file
 * of protobuf must stay under 2 GB, a file of weights need not). Both appear complete or not at all.
 */
export async function writeGraph(
  path: string,
  builder: WritableGraph,
  options: WriteOptions,
): Promise<void> {
  const dataPath = `${path}.data`;
  const partial = `.${process.pid}.part`;
  try {
    const weights = await writeWeights(dataPath + partial, basename(dataPath), {
      builder,
      options,
    });
    const bytes = encodeModel({
      irVersion: IR_VERSION,
      producer: 'chorus',
      opsets: options.opsets,
      metadata: options.metadata ?? {},
      graph: builder.build(weights),
    });
    await writeFile(path + partial, bytes, { flush: true });
    // The weights first: a graph never stands there without them.
    await rename(dataPath + partial, dataPath);
    await rename(path + partial, path);
  } catch (error) {
    await rm(dataPath + partial, { force: true });
    await rm(path + partial, { force: true });
    throw error;
  }
}

async function writeWeights(
  path: string,
  location: string,
  { builder, options }: { builder: WritableGraph; options: WriteOptions },
): Promise<OnnxTensor[]> {
  const tensors: OnnxTensor[] = [];
  const file = await open(path, 'w');
  try {
    let offset = 0;
    for (const [name, { elementType, dims, read }] of builder.weights) {
      const bytes = await read();
      const length = bytes.byteLength;
      await file.write(bytes, 0, length, offset);
      tensors.push({ name, elementType, dims, data: { location, offset, length } });
      offset = Math.ceil((offset + length) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
      options.onBytes?.(length);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return tensors;
}
