import type { Duplex } from 'node:stream';

import { ChorusError } from '../protocol/errors.js';
import { type Frame, FrameParser, jsonFrame } from '../protocol/frames.js';
import { LiveAudio } from '../protocol/live-audio.js';
import {
  LIVE_PROTOCOL,
  type LiveControl,
  type LiveRequest,
  type LiveTaken,
  TAKEN_STEP_BYTES,
} from '../protocol/live.js';

const SWITCHING = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${LIVE_PROTOCOL}\r\n\r\n`;

/** The supervisor's half of a duplex call. */
export interface LiveCall {
  readonly request: LiveRequest;
  /** Signed 16-bit little-endian mono, and what is said about it; ends when the speaker has. */
  readonly audio: LiveAudio;
}

/**
 * Takes over a connection for a duplex call. It is read all the time, wanted or not, because only a
 * socket that is read tells at once that the other side has gone; `taken` frames keep the sender from
 * running ahead.
 */
export function acceptLiveCall(socket: Duplex): Promise<LiveCall> {
  const audio = new LiveAudio(reportTaken(socket));
  const parser = new FrameParser();
  return new Promise((resolve, reject) => {
    let request: LiveRequest | undefined;
    const take = (frame: Frame): void => {
      if (frame.kind === 'json') {
        if (request) audio.push(frame.value as LiveControl);
        else request = frame.value as LiveRequest;
      } else if (frame.bytes.byteLength > 0) audio.push(frame.bytes);
      else audio.end();
      if (request) resolve({ request, audio });
      else fail(new ChorusError('internal', 'A live call began without its request.'));
    };
    const fail = (caught: unknown): void => {
      const error = ChorusError.from(caught);
      audio.fail(error);
      reject(error);
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of parser.push(chunk)) take(frame);
      } catch (caught) {
        fail(caught);
      }
    });
    const brokenOff = (): void => {
      socket.destroy();
      fail(new ChorusError('canceled', 'The call was broken off.'));
    };
    socket.on('error', brokenOff).on('end', brokenOff);
    socket.write(SWITCHING);
  });
}

/** Tells the sender from time to time how much was taken. */
function reportTaken(socket: Duplex): (bytes: number) => void {
  let takenBytes = 0;
  let reportedBytes = 0;
  return (bytes) => {
    takenBytes += bytes;
    if (takenBytes - reportedBytes < TAKEN_STEP_BYTES || socket.writableEnded) return;
    reportedBytes = takenBytes;
    socket.write(jsonFrame({ type: 'taken', bytes: takenBytes } satisfies LiveTaken));
  };
}
