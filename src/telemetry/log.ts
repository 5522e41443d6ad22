import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Settings } from '../config/settings.js';
import { gatherLines } from './gathered-lines.js';
import { logFileStream, type LogFileListeners } from './log-file.js';

/** A logger of the server; every room is handed one, none makes its own. */
export type Logger = pino.Logger;

/** The part of the settings that logging needs. */
export type LogSettings = Pick<Settings, 'logLevel' | 'logFile' | 'logMaxBytes' | 'logBackupCount'>;

/** Where the console's lines go; replaced in tests. */
export interface LogConsole {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

/** Fields that carry credentials, wherever a request's headers are logged. */
const SECRET_HEADERS = [
  'authorization',
  'proxy-authorization',
  'api-key',
  'x-nls-token',
  // Realtime clients in browsers present their key as a subprotocol.
  'sec-websocket-protocol',
  'cookie',
  'set-cookie',
];
const REDACTED_PATHS = ['', 'headers', '*.headers'].flatMap((place) =>
  SECRET_HEADERS.map((header) => `${place}["${header}"]`),
);

/** Between two lines. */
const LINE_START = /(?<=\n)(?=.)/;

/** Writes in this thread and at once: a transport's thread would lose the last lines of a crash. */
function consoleStream(console: LogConsole): pino.DestinationStream {
  if (console.isTTY !== true) return { write: (line) => void console.write(line) };
  const readable = prettyFactory({
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    colorize: process.stderr.hasColors?.() ?? false,
  });
  return { write: (lines) => void console.write(lines.split(LINE_START).map(readable).join('')) };
}

/**
 * What a log tells of an error. Its other properties stay out: errors of HTTP, of parsers and of
 * clients carry bodies, raw packets and headers, and so the texts and keys of users.
 */
function errorFields(err: unknown): object {
  if (!(err instanceof Error)) return { type: typeof err, message: String(err) };
  const { type, message, stack, ...rest } = pino.stdSerializers.err(err);
  return { type, message, stack, code: rest['code'] };
}

/** What becomes of the log file is said where lines go on: on the console, first of all. */
function listenersFor(logFile: string, logger: () => Logger): LogFileListeners {
  return {
    unwritable: (err) =>
      logger().error({ err, logFile }, 'the log file cannot be written; logging goes on here'),
    writtenAgain: (lostLines) =>
      logger().warn({ logFile, lostLines }, 'the log file is written again; lines are missing'),
    unrotatable: (err) =>
      logger().error({ err, logFile }, 'the log file cannot be rotated; it grows'),
  };
}

/**
 * Makes the logger of a process: readable lines on a terminal, JSON lines elsewhere, both on
 * standard error, so that standard output stays free for what a command prints; and JSON lines in
 * the log file if there is one, written and rotated by a thread of its own.
 * A log file that cannot be written is said once and does not stop the server.
 *
 * `logger.level` may be set at any time. Children follow, made before or after: a child of pino
 * inherits from its parent, and has a level of its own only if it was made with one.
 */
export function createLogger(settings: LogSettings, console: LogConsole = process.stderr): Logger {
  const { logFile, logLevel, logMaxBytes, logBackupCount } = settings;
  // Each stream takes every level: the logger alone decides, so that one place changes the level of
  // all, and a child that is made with a level of its own may log more than its parent.
  const streams = [consoleStream(console)];
  if (logFile !== undefined) {
    const file = { path: logFile, maxBytes: logMaxBytes, backupCount: logBackupCount };
    const listeners = listenersFor(logFile, () => logger);
    streams.push(logFileStream(file, listeners));
  }
  const logger: Logger = pino(
    {
      level: logLevel,
      redact: [...REDACTED_PATHS],
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: errorFields },
    },
    gatherLines({ write: (lines) => streams.forEach((stream) => stream.write(lines)) }),
  );
  return logger;
}
