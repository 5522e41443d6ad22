/** 100 ms of 16 kHz speech in 16 bits. */
export const MESSAGE_BYTES = 3_200;
/** Messages after which the other end answers: one second of speech. */
export const MESSAGES_PER_ANSWER = 10;

/** A binary message as a client sends it. It is masked once: that would be the client's own work. */
export const MASKED_FRAME = maskedFrame();

/** One stream, as a period of the bench uses it. */
export interface Speaker {
  /** Sends one message. */
  speak(): void;
  /** How long each answer took that came since this was asked last. */
  takeLatenciesMs(): readonly number[];
  close(): void;
}

function maskedFrame(): Buffer {
  const header = Buffer.from([0x82, 0xfe, MESSAGE_BYTES >> 8, MESSAGE_BYTES & 0xff]);
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  const payload = Buffer.alloc(MESSAGE_BYTES);
  return Buffer.concat([header, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}
