import { parseWavFormat } from '../../audio/wav-format.js';
import { chainsMpegAudio, id3Bytes, startsMpegAudio } from './mpeg-frame.js';

/** Bytes of a file's head that {@link sniff} may look at. */
export const SNIFF_BYTES = 64 * 1024;
const MAX_JUNK_BYTES = 4 * 1024;

/** What a file is, by its bytes: ours to decode, or ffmpeg's with the named demuxer. */
export type FileKind =
  | { readonly decoder: 'wav' | 'mp3' | 'flac' | 'ogg/opus' | 'ogg/vorbis' | 'ogg/flac' }
  | { readonly decoder: 'ffmpeg'; readonly demuxer: string; readonly name: string };

/** The plain form, and those for more than 4 GiB (EBU Tech 3306, ITU-R BS.2088). */
const RIFF_MAGICS = ['RIFF', 'RF64', 'BW64'] as const;

/** Heads of files that ffmpeg decodes, with the name of its demuxer and ours for messages. */
const FFMPEG_MAGIC: readonly {
  readonly at: number;
  readonly magic: string;
  readonly demuxer: string;
  readonly name: string;
}[] = [
  { at: 4, magic: 'ftyp', demuxer: 'mov', name: 'm4a/mp4' },
  { at: 0, magic: '\x1a\x45\xdf\xa3', demuxer: 'matroska', name: 'webm/mkv' },
  { at: 0, magic: '#!AMR', demuxer: 'amr', name: 'amr' },
  { at: 8, magic: 'AIFF', demuxer: 'aiff', name: 'aiff' },
  { at: 8, magic: 'AIFC', demuxer: 'aiff', name: 'aiff' },
  { at: 0, magic: 'caff', demuxer: 'caf', name: 'caf' },
  { at: 0, magic: '.snd', demuxer: 'au', name: 'au' },
  { at: 0, magic: '\x30\x26\xb2\x75', demuxer: 'asf', name: 'wma' },
  { at: 0, magic: 'wvpk', demuxer: 'wv', name: 'wavpack' },
  { at: 0, magic: 'MAC ', demuxer: 'ape', name: 'ape' },
  { at: 0, magic: 'ADIF', demuxer: 'aac', name: 'aac' },
  { at: 0, magic: 'FLV\x01', demuxer: 'flv', name: 'flv' },
  { at: 0, magic: 'RIFX', demuxer: 'wav', name: 'rifx' },
  { at: 0, magic: 'OggS', demuxer: 'ogg', name: 'ogg' },
];

/** Tells what a file is from its head; undefined if it is no audio that Chorus knows. */
export function sniff(head: Buffer): FileKind | undefined {
  const riff = RIFF_MAGICS.some((magic) => has(head, 0, magic));
  if (riff && has(head, 8, 'WAVE')) return wavKind(head);
  const ogg = oggKind(head);
  if (ogg) return ogg;
  const start = id3Bytes(head);
  if (has(head, start, 'fLaC')) return start === 0 ? { decoder: 'flac' } : viaFfmpeg('flac');
  if (isAdts(head, start)) return viaFfmpeg('aac');
  if (startsMpegAudio(head, start) || followsTag(head, start)) return { decoder: 'mp3' };
  const row = FFMPEG_MAGIC.find(({ at, magic }) => has(head, at, magic));
  return row && { decoder: 'ffmpeg', demuxer: row.demuxer, name: row.name };
}

/**
 * What follows an ID3 tag is MP3 by far the most often. A tag may be larger than the head, but not
 * than the file; and some writers leave junk between the tag and the first frame.
 */
function followsTag(head: Buffer, start: number): boolean {
  if (start === 0) return false;
  if (start >= head.length) return head.length >= SNIFF_BYTES;
  const last = Math.min(head.length, start + MAX_JUNK_BYTES);
  for (let at = start + 1; at < last; at += 1) if (chainsMpegAudio(head, at)) return true;
  return false;
}

function viaFfmpeg(name: string): FileKind {
  return { decoder: 'ffmpeg', demuxer: name, name };
}

function has(head: Buffer, at: number, magic: string): boolean {
  return head.toString('latin1', at, at + magic.length) === magic;
}

/** ADTS has MPEG audio's sync word with a layer of 0 (ISO/IEC 13818-7, section 6.2). */
function isAdts(head: Buffer, at: number): boolean {
  return at + 2 <= head.length && (head.readUInt16BE(at) & 0xff_f6) === 0xff_f0;
}

/** A first page with one packet, whose first bytes name the codec. */
function oggKind(head: Buffer): FileKind | undefined {
  if (!has(head, 0, 'OggS') || head.length < 28) return undefined;
  const packetAt = 27 + (head[26] ?? 0);
  if (has(head, packetAt, 'OpusHead')) return { decoder: 'ogg/opus' };
  if (has(head, packetAt, '\x01vorbis')) return { decoder: 'ogg/vorbis' };
  if (has(head, packetAt, '\x7fFLAC')) return { decoder: 'ogg/flac' };
  return undefined;
}

/** WAV is a container: what is not plain samples in it goes to ffmpeg. */
function wavKind(head: Buffer): FileKind {
  let at = 12;
  while (at + 8 <= head.length && !has(head, at, 'fmt ')) {
    const bytes = head.readUInt32LE(at + 4);
    at += 8 + bytes + (bytes % 2);
  }
  if (at + 8 > head.length) return { decoder: 'wav' };
  const body = head.subarray(at + 8, at + 8 + head.readUInt32LE(at + 4));
  const format = parseWavFormat(body);
  return format && format.encoding === undefined ? viaFfmpeg('wav') : { decoder: 'wav' };
}
