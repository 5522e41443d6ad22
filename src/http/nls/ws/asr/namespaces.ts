import type { Logger } from 'pino';
import type { AsrModelMode, NearFieldSettings } from '../../../../config/settings.js';
import { ChorusError } from '../../../../protocol/errors.js';
import type { LiveEvent, LiveRequest } from '../../../../protocol/live.js';
import type { ModelNames } from '../../../catalogue-port.js';
import { resolveNlsAsrModel } from '../../asr/asr-model.js';
import { newTaskId } from '../../task-id.js';
import type { NlsNamespace, TaskHost } from '../task.js';
import { type Hearing, recognitionRequest, transcriptionRequest } from './hearing-request.js';
import { OneSentence } from './one-sentence.js';
import { RawSpeech } from './raw-speech.js';
import { Sentences } from './sentences.js';
import { SpokenTask, type SpokenTaskOptions } from './spoken-task.js';
import { type HearingFields, recognitionFields, transcriptionFields } from './start-payload.js';
import { Style } from './style.js';

/** The protocol's longest recognition. */
const MAX_RECOGNITION_SECONDS = 60;

/** What tasks that hear are made of. */
export interface HearingDoorOptions {
  readonly catalogue: ModelNames;
  readonly settings: {
    readonly asrModelMode: AsrModelMode;
    readonly realtimePunctuation: boolean;
    readonly nearField: NearFieldSettings;
  };
  /** Told of speech that was left out; never of words. */
  readonly log: Pick<Logger, 'info'>;
}

/** The tasks of the NLS protocol that hear. */
export function hearingNamespaces(options: HearingDoorOptions): NlsNamespace[] {
  return [speechTranscriber(options), speechRecognizer(options)];
}

/** Sentences of somebody who goes on speaking. */
function speechTranscriber(options: HearingDoorOptions): NlsNamespace {
  return {
    namespace: 'SpeechTranscriber',
    startName: 'StartTranscription',
    start: (host, payload) => {
      const fields = transcriptionFields(payload);
      const hearing = hearingOf(fields, options);
      const request = transcriptionRequest(fields, hearing);
      const silenceSeconds = fields.max_sentence_silence / 1000;
      const style = styleOf(fields, options);
      const teller = new Sentences({ host, style, silenceSeconds });
      const parts = { ...partsOf(host, { fields, request, options }), teller };
      host.send('TranscriptionStarted', { session_id: newTaskId() });
      // The official SDK's `ctrl()`; what it may change is not public.
      const ignoredNames = ['ControlTranscriber'];
      return new SpokenTask({ ...parts, stopName: 'StopTranscription', ignoredNames });
    },
  };
}

/** One sentence. */
function speechRecognizer(options: HearingDoorOptions): NlsNamespace {
  return {
    namespace: 'SpeechRecognizer',
    startName: 'StartRecognition',
    start: (host, payload) => {
      const fields = recognitionFields(payload);
      const hearing = hearingOf(fields, options);
      const request = recognitionRequest(fields, hearing);
      const teller = new OneSentence({
        host,
        style: styleOf(fields, options),
        endsBySilence: fields.enable_voice_detection,
        wantsWords: fields.enable_words,
      });
      const parts = { ...partsOf(host, { fields, request, options }), teller };
      host.send('RecognitionStarted', { session_id: newTaskId() });
      const maxSeconds = MAX_RECOGNITION_SECONDS;
      return new SpokenTask({ ...parts, stopName: 'StopRecognition', maxSeconds });
    },
  };
}

interface Asked {
  readonly fields: HearingFields;
  readonly request: LiveRequest;
  readonly options: HearingDoorOptions;
}

type Parts = Pick<SpokenTaskOptions, 'host' | 'stream' | 'request' | 'speech' | 'onFar'>;

/** Places the task: a server without room says so before it begins. */
function partsOf(host: TaskHost, { fields, request, options }: Asked): Parts {
  const { format: container, sample_rate: sampleRateHz } = fields;
  const stream = host.connection.placeOnce({ service: 'asr', model: request.model });
  const speech = new RawSpeech({ container, sampleRateHz });
  const onFar = (event: LiveEvent & { readonly type: 'far' }): void => logFar(event, host, options);
  return { host, stream, request, speech, onFar };
}

function logFar(
  { fromSeconds, throughSeconds, rms }: LiveEvent & { readonly type: 'far' },
  { connection, taskId }: TaskHost,
  { settings, log }: HearingDoorOptions,
): void {
  const { isLogged, rmsThreshold } = settings.nearField;
  if (!isLogged) return;
  const { requestId } = connection;
  const facts = { requestId, taskId, fromSeconds, throughSeconds, rms, rmsThreshold };
  log.info(facts, 'speech from afar was left out');
}

function styleOf(fields: HearingFields, { settings }: HearingDoorOptions): Style {
  return new Style({ fields, punctuatesGuesses: settings.realtimePunctuation });
}

function hearingOf(fields: HearingFields, { catalogue, settings }: HearingDoorOptions): Hearing {
  const { asrModelMode, nearField } = settings;
  if (asrModelMode === 'offline') {
    const message =
      'ASR_MODEL_MODE is offline: this server hears files only, no live speech; use POST /stream/v1/asr.';
    throw new ChorusError('wrong_task', message);
  }
  return { model: resolveNlsAsrModel(fields.customization_id, catalogue).id, nearField };
}
