import { openSync } from 'node:fs';

import { FfmpegEncoders } from '../../src/media/encoders/ffmpeg.js';

// Run by itself: asks for aac when no more files can be opened, and prints what came of it.
const encoders = new FfmpegEncoders('/bin/cat');
try {
  for (;;) openSync('/dev/null', 'r');
} catch {
  // There are none left now.
}
const { output } = encoders.open({
  format: 'aac',
  inputSampleRateHz: 22_050,
  outputSampleRateHz: 22_050,
});
const failure = await output[Symbol.asyncIterator]()
  .next()
  .catch((caught: unknown) => (caught as { readonly code: string }).code);
// Later than what spawning reports by and by.
setImmediate(() => {
  console.log(failure);
  process.exit();
});
