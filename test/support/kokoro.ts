import { copyFile, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { modelDir } from './models.js';

/** A folder of its own with Kokoro's published graph and its voices; the caller removes it. */
export async function copyOfKokoro(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'chorus-kokoro-'));
  const from = modelDir('kokoro-82m');
  // onnxruntime follows no links from a graph to its weights.
  await copyFile(join(from, 'model.onnx'), join(dir, 'model.onnx'));
  await symlink(join(from, 'voices'), join(dir, 'voices'));
  return dir;
}
