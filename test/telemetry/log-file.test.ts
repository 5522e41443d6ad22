import { execFile } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/telemetry/log.js';
import type { Logger } from '../../src/telemetry/log.js';
import { eventually } from '../support/eventually.js';
import { Console } from './console.js';

const SCRIPT = fileURLToPath(new URL('./log-lines.js', import.meta.url));

let logFile: string;

beforeEach(async () => {
  logFile = join(await mkdtemp(join(tmpdir(), 'chorus-log-')), 'logs', 'chorus.log');
});

afterEach(async () => {
  await rm(dirname(dirname(logFile)), { recursive: true });
});

interface Sizes {
  readonly maxBytes: number;
  readonly backups: number;
}

interface Run extends Sizes {
  readonly lines: number;
  readonly name?: string;
  readonly end?: 'exit' | 'throw' | 'idle';
}

/** Logs lines in a process of its own. @returns Its exit code. */
async function logInProcess({ maxBytes, backups, name = 'a', end = 'exit', ...run }: Run) {
  const settings = { logFile, logMaxBytes: maxBytes, logBackupCount: backups };
  const options = JSON.stringify({ settings, name, end, lines: run.lines });
  const failure: unknown = await promisify(execFile)(process.execPath, [SCRIPT, options], {
    maxBuffer: 2 ** 30,
  }).catch((error: unknown) => error);
  return failure instanceof Error && 'code' in failure ? failure.code : 0;
}

/** A logger in this process, quiet on the console. */
function logTo({ maxBytes, backups }: Sizes): { logger: Logger; console: Console } {
  const console = new Console();
  const sizes = { logMaxBytes: maxBytes, logBackupCount: backups };
  return { console, logger: createLogger({ logLevel: 'info', logFile, ...sizes }, console) };
}

/** The log files by age: `chorus.log` first. */
async function filesByAge(): Promise<string[]> {
  const age = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 0);
  const names = await readdir(dirname(logFile));
  return names.toSorted((left, right) => age(left) - age(right));
}

/** All lines of all files, the oldest first. */
async function allLines(): Promise<string[]> {
  const texts: string[] = [];
  for (const name of (await filesByAge()).toReversed()) {
    texts.push(await readFile(join(dirname(logFile), name), 'utf8'));
  }
  return texts.join('').split('\n').slice(0, -1);
}

async function loggedNumbers(name = 'a'): Promise<number[]> {
  const records = (await allLines()).map((line) => JSON.parse(line));
  return records.filter((record) => record.name === name).map((record) => record.line);
}

/** Waits until a message is the last line of the log file. */
async function untilWritten(message: string): Promise<void> {
  await eventually(async () => {
    const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
    expect(lines.at(-1)).toContain(message);
  });
}

const upTo = (count: number, from = 0): number[] =>
  Array.from({ length: count - from }, (_, index) => from + index);

describe('rotation', () => {
  test('loses no line, keeps the order and the size, and the newest are in the file itself', async () => {
    const maxBytes = 100_000;
    await logInProcess({ maxBytes, backups: 1000, lines: 30_000 });
    expect(await loggedNumbers()).toEqual(upTo(30_000));
    const names = await filesByAge();
    expect(names.slice(0, 3)).toEqual(['chorus.log', 'chorus.log.1', 'chorus.log.2']);
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) {
      const { size } = await stat(join(dirname(logFile), name));
      expect(size).toBeLessThanOrEqual(maxBytes);
      if (name !== 'chorus.log') expect(size).toBeGreaterThan(maxBytes - 1000);
    }
    expect(JSON.parse((await readFile(logFile, 'utf8')).trimEnd().split('\n').at(-1)!).line).toBe(
      29_999,
    );
  });

  test('keeps as many old files as are asked for, the youngest', async () => {
    await logInProcess({ maxBytes: 20_000, backups: 3, lines: 5000 });
    const names = await filesByAge();
    expect(names).toEqual(['chorus.log', 'chorus.log.1', 'chorus.log.2', 'chorus.log.3']);
    const numbers = await loggedNumbers();
    expect(numbers).toEqual(upTo(5000, numbers[0]));
  });

  test.each([
    { maxBytes: 10_000, backups: 0 },
    { maxBytes: 0, backups: 3 },
  ])('does not happen with $maxBytes bytes and $backups old files', async (sizes) => {
    await logInProcess({ ...sizes, lines: 1000 });
    expect(await filesByAge()).toEqual(['chorus.log']);
    expect(await loggedNumbers()).toEqual(upTo(1000));
  });

  test('counts what is in the file already', async () => {
    const old = `${'o'.repeat(899)}\n`;
    await mkdir(dirname(logFile));
    await writeFile(logFile, old);
    await logInProcess({ maxBytes: 1000, backups: 3, lines: 1 });
    expect(await readFile(`${logFile}.1`, 'utf8')).toBe(old);
    expect(JSON.parse(await readFile(logFile, 'utf8'))).toMatchObject({ line: 0 });
  });

  test('writes a line that is longer than a file, alone in one', async () => {
    const { logger } = logTo({ maxBytes: 1000, backups: 9 });
    for (const message of ['first', 'l'.repeat(200_000), 'last']) logger.info(message);
    await untilWritten('last');
    const lines = (await allLines()).map((line) => JSON.parse(line).msg);
    expect(lines).toEqual(['first', 'l'.repeat(200_000), 'last']);
    expect(await filesByAge()).toHaveLength(3);
  });

  test('that fails is said once, and the file grows', async () => {
    await mkdir(join(`${logFile}.1`, 'in the way'), { recursive: true });
    const { logger, console } = logTo({ maxBytes: 500, backups: 1 });
    for (const line of upTo(100)) logger.info({ name: 'a', line }, 'kept');
    logger.info('last');
    await eventually(async () => expect(await readFile(logFile, 'utf8')).toContain('last'));
    const complaints = await eventually(() => {
      expect(console.about('cannot be rotated')).not.toEqual([]);
      return console.about('cannot be rotated');
    });
    expect(complaints).toEqual([expect.objectContaining({ level: 50, logFile })]);
    expect((await readFile(logFile, 'utf8')).match(/kept/g)).toHaveLength(100);
  });
});

describe('other processes', () => {
  test('that write and rotate the same file at once lose no line of each other', async () => {
    const run = { maxBytes: 20_000, backups: 1000, lines: 10_000 };
    await Promise.all(['a', 'b', 'c'].map((name) => logInProcess({ ...run, name })));
    for (const name of ['a', 'b', 'c']) {
      const numbers = (await loggedNumbers(name)).toSorted((left, right) => left - right);
      expect(numbers).toEqual(upTo(10_000));
    }
    const names = await filesByAge();
    expect(names).not.toContain('chorus.log.rotating');
    // Nobody moved a file away that another had just begun.
    for (const name of names.slice(1)) {
      const { size } = await stat(join(dirname(logFile), name));
      expect(size).toBeGreaterThan(run.maxBytes - 1000);
    }
  });

  test('may move the file away: a new one is begun', async () => {
    const { logger } = logTo({ maxBytes: 1_000_000, backups: 3 });
    logger.info('before');
    await untilWritten('before');
    await rename(logFile, `${logFile}.moved`);
    logger.info('after');
    await untilWritten('after');
    expect(await readFile(logFile, 'utf8')).not.toContain('before');
  });

  test('that died in a rotation do not stop the next', async () => {
    const lock = `${logFile}.rotating`;
    await mkdir(lock, { recursive: true });
    await utimes(lock, 1, 1);
    await logInProcess({ maxBytes: 1000, backups: 100, lines: 50 });
    expect((await filesByAge()).length).toBeGreaterThan(3);
    expect(existsSync(lock)).toBe(false);
    expect(await loggedNumbers()).toEqual(upTo(50));
  });

  test('that are in a rotation are not disturbed, and no line waits for them', async () => {
    await mkdir(`${logFile}.rotating`, { recursive: true });
    const { logger } = logTo({ maxBytes: 1000, backups: 100 });
    for (const line of upTo(50)) logger.info({ line }, 'kept');
    logger.info('last');
    await untilWritten('last');
    expect(await readdir(dirname(logFile))).toEqual(['chorus.log', 'chorus.log.rotating']);
  });
});

describe('the end of the process', () => {
  test.each([
    { end: 'exit', code: 3 },
    { end: 'throw', code: 1 },
    { end: 'idle', code: 0 },
  ] as const)('by $end comes after the last line', async ({ end, code }) => {
    expect(await logInProcess({ maxBytes: 10_000, backups: 500, lines: 2000, end })).toBe(code);
    expect(await loggedNumbers()).toEqual(upTo(2000));
  });
});

describe('a file that cannot be written', () => {
  const sizes = { maxBytes: 1_000_000, backups: 3 };

  test('is said once on the console, and written when it can be', async () => {
    const logs = dirname(logFile);
    await writeFile(logs, 'a file where the folder should be');
    const { logger, console } = logTo(sizes);
    await eventually(() => {
      logger.info('lost');
      expect(console.about('cannot be written')).not.toEqual([]);
    });
    await rm(logs);
    await eventually(async () => {
      logger.info('written');
      expect(await readFile(logFile, 'utf8')).toContain('written');
    });
    await eventually(() => expect(console.about('written again')).toHaveLength(1));
    expect(console.about('cannot be written')).toEqual([
      expect.objectContaining({ level: 50, logFile }),
    ]);
    const { lostLines } = console.about('written again')[0]!;
    const missing = console.lines.length - (await linesWith(console.lines)).length;
    expect(lostLines).toBe(missing);
  });

  test.skipIf(!existsSync('/dev/full'))('because the disk is full holds nothing up', async () => {
    const { logger, console } = logTo(sizes);
    logger.info('before');
    await untilWritten('before');
    await rename(logFile, `${logFile}.aside`);
    await symlink('/dev/full', logFile);
    await eventually(() => {
      logger.info('lost');
      expect(console.about('cannot be written')).not.toEqual([]);
    });
    expect(JSON.stringify(console.about('cannot be written'))).toContain('ENOSPC');
    await rename(`${logFile}.aside`, logFile);
    await eventually(async () => {
      logger.info('again');
      expect(await readFile(logFile, 'utf8')).toContain('again');
    });
    expect(console.about('cannot be written')).toHaveLength(1);
    expect((await readFile(logFile, 'utf8')).split('\n')[0]).toContain('before');
  });

  test('does not change how a process ends', async () => {
    await writeFile(dirname(logFile), 'a file where the folder should be');
    expect(await logInProcess({ ...sizes, lines: 100, end: 'exit' })).toBe(3);
    expect(await logInProcess({ ...sizes, lines: 100, end: 'idle' })).toBe(0);
  });

  test('was left with half a line: the next line is whole', async () => {
    await mkdir(dirname(logFile));
    await writeFile(logFile, '{"half":');
    await logInProcess({ ...sizes, lines: 1 });
    const [half, whole] = await allLines();
    expect(half).toBe('{"half":');
    expect(JSON.parse(whole!)).toMatchObject({ line: 0 });
  });
});

/** Those of some lines that are in the log file. */
async function linesWith(lines: readonly string[]): Promise<string[]> {
  return eventually(async () => {
    const written = new Set((await readFile(logFile, 'utf8')).split('\n'));
    expect(written.has(lines.at(-1)!.trimEnd())).toBe(true);
    return lines.filter((line) => written.has(line.trimEnd()));
  });
}
