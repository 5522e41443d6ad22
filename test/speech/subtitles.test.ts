import { expect, test } from 'vitest';
import { toSrt, toVtt } from '../../src/speech/subtitles.js';

test('times have hours, minutes, seconds and milliseconds', () => {
  const cue = { start: 3_599.9996, end: 36_061.05, text: 'x' };
  expect(toSrt([cue])).toBe('1\n01:00:00,000 --> 10:01:01,050\nx\n');
  expect(toVtt([cue])).toBe('WEBVTT\n\n01:00:00.000 --> 10:01:01.050\nx\n');
});

test('a text with an empty line stays one cue', () => {
  expect(toSrt([{ start: 0, end: 1, text: ' a\n\n b\n' }])).toContain('\na\nb\n');
});

test('a text with an arrow or a tag does not become one', () => {
  expect(toVtt([{ start: 0, end: 1, text: 'a --> <b>' }])).toContain('a --&gt; &lt;b&gt;');
});

test('no cues make an empty file of the kind', () => {
  expect(toSrt([])).toBe('');
  expect(toVtt([])).toBe('WEBVTT\n');
});
