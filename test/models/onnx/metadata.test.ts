import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { GraphBuilder } from '../../../src/models/onnx/builder.js';
import { encodeModel } from '../../../src/models/onnx/encode.js';
import { readOnnxMetadata } from '../../../src/models/onnx/metadata.js';
import { ELEMENT } from '../../../src/models/onnx/types.js';

describe('readOnnxMetadata', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'chorus-metadata-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  async function written(bytes: Uint8Array): Promise<string> {
    const path = join(dir, 'model.onnx');
    await writeFile(path, bytes);
    return path;
  }

  function model(metadata: Record<string, string>): Uint8Array {
    const g = new GraphBuilder('weights');
    g.node('Identity', [g.floats('w', new Float32Array(50_000), [50_000])], { outputs: ['y'] });
    g.output('y', ELEMENT.float32, [50_000]);
    const graph = g.build([]);
    return encodeModel({ irVersion: 8, producer: 'tests', opsets: { '': 15 }, metadata, graph });
  }

  it('reads what stands behind the weights', async () => {
    const metadata = { neg_mean: '-1,2'.repeat(2_000), 名: '值', empty: '' };
    expect(await readOnnxMetadata(await written(model(metadata)))).toEqual(metadata);
    expect(await readOnnxMetadata(await written(model({})))).toEqual({});
  });

  it('refuses what is cut short or something else', async () => {
    const bytes = model({ key: 'value' });
    await expect(readOnnxMetadata(await written(bytes.slice(0, 1_000)))).rejects.toThrow(
      /cut short/,
    );
    await expect(readOnnxMetadata(await written(Buffer.from('hello')))).rejects.toThrow(/no ONNX/);
  });
});
