import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { HEAD_BYTES, isContainer } from '../../../src/http/nls/asr/container.js';
import { hasFfmpeg } from '../../support/codecs.js';

/** What ffmpeg makes of a second of a tone. */
function encoded(...args: string[]): Buffer {
  const tone = ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440:duration=1', '-map_metadata', '-1'];
  return execFileSync('ffmpeg', [...tone, ...args, 'pipe:1']).subarray(0, HEAD_BYTES);
}

describe.skipIf(!hasFfmpeg)('a file that says what it is', () => {
  test.each([
    ['wav', ['-f', 'wav']],
    ['mp3 with a tag', ['-f', 'mp3']],
    ['bare mp3 frames', ['-f', 'mp3', '-id3v2_version', '0', '-write_xing', '0']],
    ['bare mp3 frames at 8 kHz', ['-ar', '8000', '-f', 'mp3', '-id3v2_version', '0']],
    ['aac frames', ['-f', 'adts']],
    ['flac', ['-f', 'flac']],
    ['ogg', ['-c:a', 'flac', '-f', 'ogg']],
    ['mp4', ['-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4']],
    ['mkv', ['-c:a', 'flac', '-f', 'matroska']],
    ['aiff', ['-f', 'aiff']],
    ['au', ['-f', 'au']],
  ])('%s', (_, args) => {
    expect(isContainer(encoded(...args))).toBe(true);
  });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['silence', Buffer.alloc(4000)],
  ['noise of one step', Buffer.alloc(4000, 0xff)],
  ['samples that look like one header', Buffer.from('fffb9064'.padEnd(4000, '01'), 'hex')],
  ['samples that look like one AAC header', Buffer.from('fff15080'.padEnd(4000, '01'), 'hex')],
  ['text', Buffer.from('this is no audio')],
])('raw is %s', (_, bytes) => {
  expect(isContainer(bytes)).toBe(false);
});
