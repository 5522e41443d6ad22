import type { EventEmitter } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Settings } from '../config/settings.js';

/** A logger of the server; every room is handed one, none makes its own. */
export type Logger = pino.Logger;

/** The part of the settings that logging needs. */
export type LogSettings = Pick<Settings, 'logLevel' | 'logFile'>;

/** Where the console's lines go; replaced in tests. */
export interface LogConsole {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

/** Fields that carry credentials, wherever a request's headers are logged. */
const SECRET_HEADERS = ['authorization', 'api-key', 'x-nls-token', 'cookie', 'set-cookie'];
const REDACTED_PATHS = ['', 'headers', '*.headers'].flatMap((place) =>
  SECRET_HEADERS.map((header) => `${place}["${header}"]`),
);

/** Writes in this thread and at once: a transport's thread would lose the last lines of a crash. */
function consoleStream(console: LogConsole): pino.DestinationStream {
  if (console.isTTY !== true) return { write: (line) => void console.write(line) };
  const readable = prettyFactory({
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    colorize: process.stderr.hasColors?.() ?? false,
  });
  return { write: (line) => void console.write(readable(line)) };
}

/** Why a log file cannot be written, if it cannot; asked before a thread is started for it. */
function whyUnwritable(file: string): Error | undefined {
  try {
    makeFolder(dirname(file));
    closeSync(openSync(file, 'a'));
    return undefined;
  } catch (caught) {
    return caught instanceof Error ? caught : new Error(String(caught));
  }
}

/** Node's own recursive mkdir never ends where a file system answers ENOENT to mkdir, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

function fileStream(file: string, complain: (error: Error) => void): pino.DestinationStream {
  const options = { destination: file };
  const transport: unknown = pino.transport({ target: 'pino/file', options });
  const stream = transport as pino.DestinationStream & EventEmitter;
  let broken = false;
  stream.on('error', (error: Error) => {
    if (!broken) complain(error);
    broken = true;
  });
  return { write: (line) => (broken ? undefined : stream.write(line)) };
}

/**
 * Makes the logger of a process: readable lines on a terminal, JSON lines elsewhere, both on
 * standard error, so that standard output stays free for what a command prints; and JSON lines in
 * the log file if there is one, written by a thread of its own.
 * A log file that cannot be written is said once and does not stop the server.
 */
export function createLogger(settings: LogSettings, console: LogConsole = process.stderr): Logger {
  const { logFile, logLevel } = settings;
  // The logger alone decides what is logged, so that a child may log more than its parent.
  const streams: pino.StreamEntry[] = [{ level: 'trace', stream: consoleStream(console) }];
  const unwritable = logFile === undefined ? undefined : whyUnwritable(logFile);
  if (logFile !== undefined && unwritable === undefined) {
    const complain = (error: Error): void => sayUnwritable(logger, logFile, error);
    streams.push({ level: 'trace', stream: fileStream(logFile, complain) });
  }
  const logger: Logger = pino(
    {
      level: logLevel,
      redact: [...REDACTED_PATHS],
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: pino.stdSerializers.err },
    },
    pino.multistream(streams),
  );
  if (logFile !== undefined && unwritable) sayUnwritable(logger, logFile, unwritable);
  return logger;
}

function sayUnwritable(logger: Logger, logFile: string, err: Error): void {
  logger.error({ err, logFile }, 'The log file cannot be written; logging goes on here.');
}
