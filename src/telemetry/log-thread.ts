import { Writable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import { LogWriter, type ReportLogFile } from './log-writer.js';
import type { RotatingFileOptions } from './rotating-file.js';

const NEWLINE = 0x0a;

const report: ReportLogFile = (name, ...args) => {
  // A message of this form is an event of the stream that pino.transport() returned.
  parentPort?.postMessage({ code: 'EVENT', name, args });
};

/** Makes the stream that pino's transport thread writes its chunks to, which may end in mid-line. */
function openLogFile(options: RotatingFileOptions): Writable {
  const writer = new LogWriter(options, report);
  let torn: Buffer = Buffer.alloc(0);
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const bytes = Buffer.concat([torn, chunk]);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      torn = bytes.subarray(end);
      void after(writer.write(bytes.subarray(0, end)), done);
    },
    final(done) {
      void after(writer.close(), done);
    },
  });
}

/** The writer tells its failures itself; for the stream nothing ever fails. */
async function after(work: Promise<void>, done: () => void): Promise<void> {
  await work;
  done();
}

// oxlint-disable-next-line import/no-default-export -- pino calls the default export of a transport; it knows no other.
export default openLogFile;
