/** A line of subtitles, with times in seconds. */
export interface Cue {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Writes cues as SubRip: numbered, with a comma before the milliseconds. */
export function toSrt(cues: readonly Cue[]): string {
  return cues
    .map((cue, index) => `${index + 1}\n${span(cue, ',')}\n${oneBlock(cue.text)}\n`)
    .join('\n');
}

/**
 * Writes cues as WebVTT (https://www.w3.org/TR/webvtt1/). `&`, `<` and `>` are escaped there: a
 * transcript with `<` in it must not become a tag.
 */
export function toVtt(cues: readonly Cue[]): string {
  const blocks = cues.map((cue) => `${span(cue, '.')}\n${escapeVtt(oneBlock(cue.text))}\n`);
  return ['WEBVTT\n', ...blocks].join('\n');
}

function span({ start, end }: Cue, point: ',' | '.'): string {
  return `${timestamp(start, point)} --> ${timestamp(end, point)}`;
}

function timestamp(seconds: number, point: string): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const clock = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map(two).join(':');
  return `${clock}${point}${String(ms % 1000).padStart(3, '0')}`;
}

/** An empty line would end the cue. */
function oneBlock(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '\n');
}

function escapeVtt(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
