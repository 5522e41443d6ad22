import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const TIMEOUT_MS = 5_000;
const LAUNCHER = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;

/**
 * Words to put before a command so that the kernel ends the process the moment that this one dies,
 * even if it never returns from native code (`prctl(PR_SET_PDEATHSIG)`). Empty where there is no
 * util-linux `setpriv`; busybox has a program of that name which cannot do it, so it is tried.
 */
export async function parentDeathLauncher(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const [file, ...args] = LAUNCHER;
  try {
    await promisify(execFile)(file, [...args, 'true'], { env, timeout: TIMEOUT_MS });
    return LAUNCHER;
  } catch {
    return [];
  }
}
