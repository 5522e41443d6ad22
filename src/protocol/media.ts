/** Containers and codecs that answers can be encoded to. */
export const SPEECH_FORMATS = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const;

/** One of {@link SPEECH_FORMATS}. */
export type SpeechFormat = (typeof SPEECH_FORMATS)[number];

/** Formats that a program of the system encodes, which need not be there. */
export const SYSTEM_FORMATS = ['aac'] as const satisfies readonly SpeechFormat[];

/** One of {@link SYSTEM_FORMATS}. */
export type SystemFormat = (typeof SYSTEM_FORMATS)[number];

/** Whether a format is one of {@link SYSTEM_FORMATS}. */
export function isSystemFormat(format: SpeechFormat): format is SystemFormat {
  return SYSTEM_FORMATS.some((one) => one === format);
}

/** Asks the media process to decode an uploaded file into PCM on disk. */
export interface DecodeRequest {
  /** The uploaded file. Its name and type are never trusted: the bytes decide. */
  readonly inputPath: string;
  /** Where to write signed 16-bit little-endian mono PCM; created anew, removed on failure. */
  readonly outputPath: string;
  /** Rate of that PCM. */
  readonly sampleRateHz: number;
}

/** What a decoded file turned out to be. */
export interface DecodedAudio {
  /** What the file was, for example `wav`, `mp3`, `flac`, `ogg/opus`, `ogg/vorbis`, `ffmpeg`. */
  readonly format: string;
  /** Samples written to `outputPath`, at the requested rate; at least 1. */
  readonly samples: number;
  readonly durationSeconds: number;
}

/** Asks the media process to encode a stream of mono float PCM. */
export interface EncodeRequest {
  readonly format: SpeechFormat;
  /** Rate of the PCM that is sent. */
  readonly inputSampleRateHz: number;
  /** Rate of the encoded audio; the media process resamples if it differs. Opus is always 48 kHz. */
  readonly outputSampleRateHz: number;
}

/** The media process as the supervisor's other rooms see it. */
export interface MediaClient {
  /**
   * Decodes a file.
   * @throws ChorusError `undecodable_audio`, `empty_audio`, `unsupported_media`, `storage_full`.
   */
  decode(request: DecodeRequest, signal: AbortSignal): Promise<DecodedAudio>;
  /**
   * Looks whether a format can be encoded here, before anything is computed for it.
   * @throws ChorusError `not_implemented`, naming the program that is missing; `unavailable` while it
   * cannot be started, or encodes as much as it may.
   */
  checkFormat(format: SystemFormat, signal: AbortSignal): Promise<void>;
  /**
   * Encodes PCM chunks (32-bit float little-endian) as they come and yields encoded bytes as soon as
   * there are any. Slow readers hold the source back. Leaving the iteration or aborting frees the encoder.
   */
  encode(
    request: EncodeRequest,
    pcm: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
}
