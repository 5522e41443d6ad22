import type { Settings } from '../config/settings.js';
import type { Service } from '../protocol/requests.js';
import type { RunningServer } from './start-server.js';

/** Prints the address, what is behind it, and one command that works. */
export function announce({ url, supervisor }: RunningServer, settings: Settings): void {
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
    ...warnings.map((warning) => `  warning: ${warning}`),
    // A command that cannot work yet would only mislead; the warnings say what is missing.
    ...(ready.length > 0 ? ['', firstCommand(url, services, settings)] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Speech where it can be had: then a file is there for the other command too. */
function firstCommand(url: string, services: ReadonlySet<Service>, { apiKeys }: Settings): string {
  const key = apiKeys.length > 0 ? ' -H "authorization: Bearer $API_KEY"' : '';
  if (!services.has('tts')) {
    return `Try it:  curl ${url}/v1/audio/transcriptions${key} -F model=whisper-1 -F file=@speech.mp3`;
  }
  const body = '{"model":"tts-1","voice":"default","input":"Many GPUs, one voice."}';
  const type = '-H "content-type: application/json"';
  return `Try it:  curl ${url}/v1/audio/speech${key} ${type} -d '${body}' -o speech.mp3`;
}
