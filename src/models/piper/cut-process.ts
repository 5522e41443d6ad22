import type { CutMessage } from './build.js';
import { cutVoice } from './cut-voice.js';
import { halveVoice } from './halve-voice.js';

/*
 * The child process that cuts a voice: the memory that trying its graphs takes goes back when it ends,
 * and a graph that crashes onnxruntime ends only this process.
 */

const say = (message: CutMessage): Promise<void> =>
  new Promise((resolve) => process.send?.(message, () => resolve()));

// Nobody waits for a cut any more when the parent has gone.
process.once('disconnect', () => process.exit());
try {
  const [, , modelDir = '', precisions = ''] = process.argv;
  const wanted = precisions.split(',');
  const onProgress = ({ doneBytes }: { readonly doneBytes: number }): void =>
    void say({ type: 'progress', doneBytes });
  if (wanted.includes('fp32')) await cutVoice({ modelDir, onProgress });
  if (wanted.includes('fp16')) await halveVoice({ modelDir, onProgress });
  await say({ type: 'done' });
} catch (caught) {
  const { message, code } = caught as NodeJS.ErrnoException;
  await say({ type: 'failed', message, ...(code && { code }) });
}
process.disconnect();
