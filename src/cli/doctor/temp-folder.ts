import { platform, tmpdir } from 'node:os';
import type { Finding } from './check.js';
import { lookAtFolder } from './folders.js';

/** Bytes that the path of a Unix socket may have: `sun_path` less the zero at its end. */
const MAX_SOCKET_PATH_BYTES = platform() === 'darwin' ? 103 : 107;
/** What the supervisor adds: its folder, and the longest name of a worker with its generation. */
const LONGEST_TAIL = '/chorus-XXXXXX/gpu-99-mig-99-99.99999.sock';
const ADVICE = 'Set TMPDIR to a short path that this user may write, such as /tmp.';

/** Looks at the folder of temporary files, which holds the sockets to the child processes. */
export function checkTempFolder(_: unknown, dir = tmpdir()): Finding | Promise<Finding> {
  const most = MAX_SOCKET_PATH_BYTES - LONGEST_TAIL.length;
  const bytes = Buffer.byteLength(dir);
  if (bytes > most) {
    const detail = `${dir} has ${bytes} bytes; sockets in it may exceed ${MAX_SOCKET_PATH_BYTES}`;
    return { state: 'failed', detail, advice: ADVICE };
  }
  return lookAtFolder({ dir, unwritable: 'failed', advice: ADVICE });
}
