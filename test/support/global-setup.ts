import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Models whose real weights the tests use. */
const MODELS = ['piper-en-us-joe', 'kokoro-82m', 'whisper-tiny.en', 'whisper-base', 'silero-vad'];

/**
 * Pulls the real weights into `./models` before the tests, as a user would. They are cached outside
 * of the repository, so that only the first run on a machine downloads.
 */
export async function setup(): Promise<void> {
  if (process.env['CHORUS_TEST_MODELS_DIR'] !== undefined) return;
  const child = spawn(process.execPath, ['dist/src/cli/main.js', 'pull', ...MODELS], {
    stdio: 'inherit',
    env: { ...process.env, MODELS_DIR: './models' },
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(`The tests need the models' weights; chorus pull ended with ${code}.`);
}
