import type { CutMessage } from './build.js';
import { cutVoice } from './cut-voice.js';

/*
 * The child process that cuts a voice: the memory that trying its graphs takes goes back when it ends,
 * and a graph that crashes onnxruntime ends only this process.
 */

const say = (message: CutMessage): Promise<void> =>
  new Promise((resolve) => process.send?.(message, () => resolve()));

// Nobody waits for a cut any more when the parent has gone.
process.once('disconnect', () => process.exit());
try {
  await cutVoice({
    modelDir: process.argv[2] ?? '',
    onProgress: ({ doneBytes }) => void say({ type: 'progress', doneBytes }),
  });
  await say({ type: 'done' });
} catch (caught) {
  const { message, code } = caught as NodeJS.ErrnoException;
  await say({ type: 'failed', message, ...(code && { code }) });
}
process.disconnect();
