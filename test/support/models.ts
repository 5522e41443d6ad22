import { join } from 'node:path';

/** The folder with a model's real weights; the global set-up has pulled them there. */
export function modelDir(id: string): string {
  return join(process.env['CHORUS_TEST_MODELS_DIR'] ?? join(process.cwd(), 'models'), id);
}
