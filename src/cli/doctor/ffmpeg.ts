import type { CheckContext, Finding } from './check.js';
import { findProgram, firstLine, runProgram } from './programs.js';

const ADVICE =
  'Uploads of m4a, mp4, webm, amr and aac, and answers in aac, will be refused; wav, mp3, flac and ' +
  'ogg need no ffmpeg. To take the others too, install it (for example: apt-get install ffmpeg).';

/** Looks for ffmpeg, which decodes and encodes what Chorus does not by itself. */
export async function checkFfmpeg({ signal }: CheckContext): Promise<Finding> {
  const path = await findProgram('ffmpeg');
  if (path === undefined) return { state: 'warning', detail: 'not found', advice: ADVICE };
  const end = await runProgram({ command: [path, '-version'], signal });
  if (end.kind === 'failed') {
    return { state: 'warning', detail: `${path} does not run: ${end.reason}`, advice: ADVICE };
  }
  const [version] = firstLine(end.output).split(' Copyright');
  return { state: 'ok', detail: `${path}, ${version}` };
}
