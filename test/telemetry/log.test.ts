import { expect, test } from 'vitest';
import { createLogger } from '../../src/telemetry/log.js';
import type { LogSettings } from '../../src/telemetry/log.js';
import { Console } from './console.js';

const CONSOLE_ONLY = { logFile: undefined, logMaxBytes: 0, logBackupCount: 0 };
const INFO: LogSettings = { ...CONSOLE_ONLY, logLevel: 'info' };

test('writes JSON lines from the set level on, children included', () => {
  const console = new Console();
  const logger = createLogger({ ...CONSOLE_ONLY, logLevel: 'warn' }, console);
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
  createLogger(INFO, console).info({ port: 8000 }, 'hello');
  expect(console.lines.join('')).toMatch(/INFO.*hello[^]*port.*8000/);
});

test('never shows credentials of a request', () => {
  const console = new Console();
  const logger = createLogger(INFO, console);
  const headers = {
    authorization: 'Bearer key-1',
    'api-key': 'key-2',
    'sec-websocket-protocol': 'realtime, openai-insecure-api-key.key-3',
    accept: 'audio/wav',
  };
  logger.info({ headers, request: { headers } }, 'request');
  logger.info(headers, 'bare');
  // A warning brings along what came before it.
  logger.warn('flush');
  expect(console.lines).toHaveLength(3);
  expect(console.lines.join('')).not.toMatch(/key-[123]/);
  expect(console.lines.join('')).toContain('audio/wav');
});

test('children follow a change of the level, those made before it too', () => {
  const console = new Console();
  const logger = createLogger(INFO, console);
  const before = logger.child({ worker: 'cpu-0' });
  const grandchild = before.child({ requestId: 'r-1' });
  const own = logger.child({ worker: 'cpu-1' }, { level: 'trace' });
  before.debug('too early');
  logger.level = 'debug';
  for (const each of [logger, before, grandchild, own]) each.debug('heard');
  logger.level = 'error';
  for (const each of [logger, before, grandchild, logger.child({})]) each.warn('too late');
  own.trace('still its own');
  logger.error('the last');
  const messages = console.lines.map((line) => JSON.parse(line).msg);
  expect(messages).toEqual(['heard', 'heard', 'heard', 'heard', 'still its own', 'the last']);
});

test('tells what an error is, where it comes from and why, and nothing that it carries', () => {
  const console = new Console();
  const cause = Object.assign(new Error('the cause'), { body: 'a text of a user' });
  const err = Object.assign(new Error('it broke', { cause }), {
    code: 'HPE_INVALID',
    rawPacket: Buffer.from('POST'),
    request: { headers: { authorization: 'Bearer key-1' }, body: 'a text of a user' },
  });
  createLogger(INFO, console).info({ err }, 'failed');
  const logged = JSON.parse(console.lines[0] ?? '').err;
  expect(Object.keys(logged)).toEqual(['type', 'message', 'stack', 'code']);
  expect(logged).toMatchObject({ type: 'Error', code: 'HPE_INVALID' });
  expect(logged.stack).toMatch(/it broke[^]*log\.test[^]*caused by: Error: the cause/);
  expect(console.lines[0]).not.toMatch(/text of a user|key-1|rawPacket/);
});

test('tells of something thrown that is no error', () => {
  const console = new Console();
  createLogger(INFO, console).info({ err: { body: 'a text of a user' } }, 'failed');
  expect(JSON.parse(console.lines[0] ?? '').err).toEqual({
    type: 'object',
    message: '[object Object]',
  });
});
