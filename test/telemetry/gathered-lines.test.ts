import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { pino } from 'pino';
import { expect, test } from 'vitest';

import { gatherLines } from '../../src/telemetry/gathered-lines.js';
import { eventually } from '../support/eventually.js';

function recorder(): { readonly writes: string[]; readonly log: pino.Logger } {
  const writes: string[] = [];
  const log = pino(
    { base: null, timestamp: false, messageKey: 'm' },
    gatherLines({ write: (lines) => void writes.push(lines) }),
  );
  return { writes, log };
}

const line = (text: string, level = 30): string => `{"level":${level},"m":"${text}"}\n`;

test('writes a line at once, and those close behind it together and in order', async () => {
  const { writes, log } = recorder();
  log.info('first');
  expect(writes).toEqual([line('first')]);
  for (const text of ['second', 'third', 'fourth']) log.info(text);
  expect(writes).toHaveLength(1);
  await eventually(() => expect(writes).toHaveLength(2));
  expect(writes[1]).toBe(line('second') + line('third') + line('fourth'));
});

test('writes a warning at once, after what came before it', () => {
  const { writes, log } = recorder();
  log.info('first');
  log.info('second');
  log.warn('trouble');
  expect(writes.join('')).toBe(line('first') + line('second') + line('trouble', 40));
});

test('loses nothing when the process exits, or dies of an error', async () => {
  const code = (end: string): string => `
    import { createLogger } from './dist/src/telemetry/log.js';
    const log = createLogger({ logLevel: 'info', logFile: undefined });
    for (let n = 0; n < 50; n += 1) log.info('line ' + n);
    ${end}`;
  for (const end of ['process.exit(0)', "throw new Error('the end')"]) {
    const args = ['--input-type=module', '-e', code(end)];
    const { stderr } = await promisify(execFile)(process.execPath, args).catch(
      (failed: { stderr: string }) => failed,
    );
    expect(stderr.match(/"line \d+"/g)).toHaveLength(50);
  }
});
