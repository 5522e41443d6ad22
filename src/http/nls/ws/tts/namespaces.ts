import type { NlsNamespace } from '../task.js';
import { FlowingTask } from './flowing-task.js';
import { OneShotTask } from './one-shot-task.js';
import type { SynthesisServices } from './speaking.js';

/** Characters of a SpeechSynthesizer's text; Alibaba's own takes 300. */
const MAX_TEXT = 10_000;
/** Those of a SpeechLongSynthesizer's. */
const MAX_LONG_TEXT = 100_000;

/** The tasks that speak. */
export function synthesisNamespaces(services: SynthesisServices): NlsNamespace[] {
  const oneShot = (namespace: string, maxCharacters: number): NlsNamespace => ({
    namespace,
    startName: 'StartSynthesis',
    start: (host, payload) => new OneShotTask({ host, services, payload, maxCharacters }),
  });
  return [
    {
      namespace: 'FlowingSpeechSynthesizer',
      startName: 'StartSynthesis',
      start: (host, payload) => new FlowingTask({ host, services, payload }),
    },
    oneShot('SpeechSynthesizer', MAX_TEXT),
    oneShot('SpeechLongSynthesizer', MAX_LONG_TEXT),
  ];
}
