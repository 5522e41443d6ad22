import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createLogger } from '../../src/telemetry/log.js';
import type { LogConsole } from '../../src/telemetry/log.js';

class Console implements LogConsole {
  readonly lines: string[] = [];
  readonly isTTY: boolean;
  #waiting: ((line: string) => void) | undefined;

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(line: string): void {
    this.lines.push(line);
    this.#waiting?.(line);
  }

  /** The next line that is written. */
  next(): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}

test('writes JSON lines from the set level on, children included', () => {
  const console = new Console();
  const logger = createLogger({ logLevel: 'warn', logFile: undefined }, console);
  logger.info('quiet');
  logger.child({ worker: 'cpu-0' }).warn({ err: new TypeError('boo') }, 'loud');
  expect(console.lines).toHaveLength(1);
  expect(JSON.parse(console.lines[0] ?? '')).toMatchObject({
    level: 40,
    worker: 'cpu-0',
    msg: 'loud',
    err: { type: 'TypeError', message: 'boo' },
  });
});

test('writes readable lines on a terminal', () => {
  const console = new Console(true);
  createLogger({ logLevel: 'info', logFile: undefined }, console).info({ port: 8000 }, 'hello');
  expect(console.lines.join('')).toMatch(/INFO.*hello[^]*port.*8000/);
});

test('never shows credentials of a request', () => {
  const console = new Console();
  const logger = createLogger({ logLevel: 'info', logFile: undefined }, console);
  const headers = { authorization: 'Bearer key-1', 'api-key': 'key-2', accept: 'audio/wav' };
  logger.info({ headers, request: { headers } }, 'request');
  logger.info(headers, 'bare');
  expect(console.lines.join('')).not.toMatch(/key-[12]/);
  expect(console.lines.join('')).toContain('audio/wav');
});

test('writes the log file to its last line, even when the process ends at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-log-'));
  const logFile = join(folder, 'logs', 'chorus.log');
  const entry = pathToFileURL(join(process.cwd(), 'dist/src/telemetry/log.js')).href;
  const script = `
    import { createLogger } from ${JSON.stringify(entry)};
    const logger = createLogger({ logLevel: 'info', logFile: ${JSON.stringify(logFile)} });
    logger.info('first');
    logger.fatal('last');
    process.exit(3);`;
  const args = ['--input-type=module', '--eval', script];
  const failure: unknown = await promisify(execFile)(process.execPath, args).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: 3, stderr: expect.stringContaining('"last"') });
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['first', 'last']);
  await rm(folder, { recursive: true });
});

test('says once that the log file cannot be written, and goes on', async () => {
  const console = new Console();
  const complaint = console.next();
  const logger = createLogger({ logLevel: 'info', logFile: '/dev/null/chorus.log' }, console);
  expect(JSON.parse(await complaint)).toMatchObject({ level: 50, logFile: '/dev/null/chorus.log' });
  logger.info('still here');
  expect(console.lines.at(-1)).toContain('still here');
});
