import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { RUNTIME } from './pieces.js';

/** The onnxruntime-node that this program uses. */
export interface Binding {
  readonly version: string;
  /** Its own ONNX Runtime. */
  readonly runtime: string;
}

const manifestSchema = z.object({
  version: z.string().regex(/^\d+\.\d+\.\d+(?:[-+.\w]*)$/),
  binary: z.object({ napi_versions: z.array(z.number().int()).min(1) }),
});

/** Reads which onnxruntime-node is installed. @throws Error if there is none, or it is no such package. */
export async function readBinding(): Promise<Binding> {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version, binary } = manifestSchema.parse(JSON.parse(await readFile(manifest, 'utf8')));
  const api = `napi-v${binary.napi_versions[0]}`;
  const folder = join(dirname(manifest), 'bin', api, process.platform, process.arch);
  return { version, runtime: join(folder, RUNTIME) };
}
