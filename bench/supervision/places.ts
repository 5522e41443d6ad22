import type { ChorusHome, LaunchOptions } from '../support/chorus.js';
import { untilAllReady } from '../support/health.js';
import type { Health } from '../support/health.js';
import type { Program } from '../support/program.js';
import { untilReady } from '../support/ready.js';
import { ServerLog } from '../support/server-log.js';

/** Which server is supervised: the same for all parts of the bench. */
export interface SupervisionPlaces {
  readonly tts: string;
  readonly asr: string;
  readonly workers: number;
  readonly modelsDir: string;
  readonly cpus: string | undefined;
}

/** A server whose own log is read. */
export interface LoggedServer {
  readonly program: Program;
  readonly log: ServerLog;
}

/** Starts a server whose log tells of its children; does not wait for it. */
export function launchLogged(home: ChorusHome, places: SupervisionPlaces): LoggedServer {
  const log = new ServerLog();
  const options: LaunchOptions = {
    ...places,
    devices: Array.from({ length: places.workers }, () => 'cpu').join(','),
    env: { LOG_LEVEL: 'info' },
    onLogLine: (line) => log.take(line),
  };
  return { program: home.launch(options), log };
}

/** Waits until a server answers and each of its workers is ready. */
export async function untilWhole(
  { program }: LoggedServer,
  home: ChorusHome,
  workers: number,
): Promise<Health> {
  await untilReady(program, `${home.url}/ready`);
  return untilAllReady(home.url, workers);
}
