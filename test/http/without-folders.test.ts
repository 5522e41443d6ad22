import { expect, test } from 'vitest';

import { withoutFolders } from '../../src/http/ops/without-folders.js';

test.each([
  [
    'The graph /srv/models/whisper/encoder.onnx cannot be loaded.',
    'The graph encoder.onnx cannot be loaded.',
  ],
  ["no such file, open '/a/b.so'", "no such file, open 'b.so'"],
  [
    'POST /admin/workers/gpu-0/restart puts it back.',
    'POST /admin/workers/gpu-0/restart puts it back.',
  ],
  ['see https://example.org/a/b', 'see https://example.org/a/b'],
  ['a ratio of 3/4', 'a ratio of 3/4'],
])('%s', (text, told) => {
  expect(withoutFolders(text)).toBe(told);
});
