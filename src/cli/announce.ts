import type { Settings } from '../config/settings.js';
import type { Service } from '../protocol/requests.js';
import { settingWarnings } from './setting-warnings.js';
import type { RunningServer } from './start-server.js';

/** What a start ends with: a server, as far as it is told of. */
export type AnnouncedServer = Pick<RunningServer, 'url' | 'supervisor'> &
  Partial<Pick<RunningServer, 'warnings'>>;

/** Prints the address, what is behind it, and one command that works. */
export function announce(server: AnnouncedServer, settings: Settings): void {
  process.stdout.write(announcement(server, settings));
}

/** The words of {@link announce}. */
export function announcement(
  { url, supervisor, warnings: found = [] }: AnnouncedServer,
  settings: Settings,
): string {
  const { workers, warnings } = supervisor.status();
  const ready = workers.flatMap((worker) =>
    worker.models
      .filter((model) => model.state === 'ready')
      .map((model) => ({ ...model, worker: worker.id })),
  );
  const services = new Set(ready.map((model) => model.service));
  const lines = [
    `Chorus listens on ${url}`,
    ...ready.map(
      ({ worker, id, replicas, provider }) => `  ${worker}: ${id}, ${replicas} × ${provider}`,
    ),
    ...[...found, ...settingWarnings(settings), ...warnings].map(
      (warning) => `  warning: ${warning}`,
    ),
    // A command that cannot work yet would only mislead; the warnings say what is missing.
    ...(ready.length > 0 ? ['', firstCommand(url, services, settings)] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Speech where it can be had: then a file is there for the other command too. */
function firstCommand(url: string, services: ReadonlySet<Service>, settings: Settings): string {
  const name = keyName(settings);
  const key = name === undefined ? '' : ` -H "authorization: Bearer $${name}"`;
  if (!services.has('tts')) {
    return `Try it:  curl ${url}/v1/audio/transcriptions${key} -F model=whisper-1 -F file=@speech.mp3`;
  }
  const body = '{"model":"tts-1","voice":"default","input":"Many GPUs, one voice."}';
  const type = '-H "content-type: application/json"';
  return `Try it:  curl ${url}/v1/audio/speech${key} ${type} -d '${body}' -o speech.mp3`;
}

/** What a client presents; where there are no API keys, those of NLS clients open every door. */
function keyName({ apiKeys, appTokens, appKeys }: Settings): string | undefined {
  if (apiKeys.length > 0) return 'API_KEY';
  if (appTokens.length > 0) return 'APPTOKEN';
  return appKeys.length > 0 ? 'APPKEY' : undefined;
}
