// A process that logs many lines at once and ends in the middle of its tick. Its one argument:
// `{settings, name, lines, end}` as JSON.
import { createLogger } from '../../src/telemetry/log.js';

const { settings, name, lines, end } = JSON.parse(process.argv[2] ?? '');
const logger = createLogger({ logLevel: 'info', ...settings });
for (let line = 0; line < lines; line += 1) logger.info({ name, line }, 'x'.repeat(line % 97));
if (end === 'throw') throw new Error('the end');
if (end === 'exit') process.exit(3);
