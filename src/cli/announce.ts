import type { Settings } from '../config/settings.js';
import type { RunningServer } from './start-server.js';

/** Prints the address, what is behind it, and one command that works. */
export function announce({ url, supervisor }: RunningServer, settings: Settings): void {
  const { workers, warnings } = supervisor.status();
  const models = workers.flatMap((worker) =>
    worker.models.map(
      ({ id, replicas, provider }) => `  ${worker.id}: ${id}, ${replicas} × ${provider}`,
    ),
  );
  const lines = [
    `Chorus listens on ${url}`,
    ...models,
    ...warnings.map((warning) => `  warning: ${warning}`),
    // A command that cannot work yet would only mislead; the warnings say what is missing.
    ...(models.length > 0 ? ['', ...firstCommand(url, settings)] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function firstCommand(url: string, { tts, apiKeys }: Settings): string[] {
  const key = apiKeys.length > 0 ? ' -H "authorization: Bearer $API_KEY"' : '';
  if (tts.models.length === 0) {
    return [
      `Try it:  curl ${url}/v1/audio/transcriptions${key} -F model=whisper-1 -F file=@speech.mp3`,
    ];
  }
  const body = '{"model":"tts-1","voice":"default","input":"Many GPUs, one voice."}';
  const type = '-H "content-type: application/json"';
  return [`Try it:  curl ${url}/v1/audio/speech${key} ${type} -d '${body}' -o speech.mp3`];
}
