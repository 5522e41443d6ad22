/** What VoiceHub's web page shows of a server. */
export interface VoiceHubStatus {
  readonly isHealthy: boolean;
  readonly modelLoaded: unknown;
  readonly modelName: unknown;
  readonly modelVersion: unknown;
  readonly speakersCount: unknown;
  readonly availableModes: readonly string[];
  readonly uptimeSeconds: unknown;
}

/** A request for speech as VoiceHub's page has it. */
export interface VoiceHubSpeech {
  readonly mode: 'zero_shot' | 'cross_lingual' | 'instruct2' | 'sft';
  readonly text: string;
  readonly speed?: number;
  readonly seed?: number;
  readonly speakerId?: string;
  readonly promptText?: string;
  readonly promptAudio?: string;
  readonly instructText?: string;
}

/** Speech as VoiceHub's page gets it. */
export interface VoiceHubAudio {
  readonly success: boolean;
  readonly audio_data: string;
  readonly sample_rate: number;
  readonly duration: number;
  readonly mode: string;
}

/** Fields that each mode sends beside `mode`, `text`, `speed` and `seed`. */
function voiceFields(speech: VoiceHubSpeech): Record<string, unknown> {
  const { mode, speakerId, promptText, promptAudio, instructText } = speech;
  switch (mode) {
    case 'zero_shot':
      return speakerId === undefined
        ? { prompt_text: promptText, prompt_audio: promptAudio }
        : { speaker_id: speakerId };
    case 'cross_lingual':
      return { prompt_audio: promptAudio };
    case 'instruct2':
      return { speaker_id: speakerId, instruct_text: instructText };
    case 'sft':
      return {};
  }
}

/** Talks to a server as VoiceHub's web page does: JSON headers on every request, errors from `detail`. */
export class VoiceHubClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async health(): Promise<VoiceHubStatus> {
    const body = await this.#ask('GET', '/health');
    return {
      isHealthy: body['status'] === 'healthy',
      modelLoaded: body['model_loaded'],
      modelName: body['model_name'],
      modelVersion: body['model_version'],
      speakersCount: body['speakers_count'],
      availableModes: body['available_modes'] as string[],
      uptimeSeconds: body['uptime_seconds'],
    };
  }

  metrics(): Promise<Record<string, unknown>> {
    return this.#ask('GET', '/system/metrics');
  }

  listSpeakers(): Promise<Record<string, unknown>> {
    return this.#ask('GET', '/speakers');
  }

  createSpeaker(id: string, promptText: string, audio: Buffer): Promise<Record<string, unknown>> {
    const prompt_audio = audio.toString('base64');
    const body = { speaker_id: id, prompt_text: promptText, prompt_audio, language: 'en' };
    return this.#ask('POST', '/speakers', body);
  }

  deleteSpeaker(id: string): Promise<Record<string, unknown>> {
    return this.#ask('DELETE', `/speakers/${encodeURIComponent(id)}`);
  }

  async speak(speech: VoiceHubSpeech): Promise<VoiceHubAudio> {
    const { mode, text, speed = 1, seed } = speech;
    const body = { mode, text, speed, seed, ...voiceFields(speech) };
    return (await this.#ask('POST', '/tts', body)) as unknown as VoiceHubAudio;
  }

  async #ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const headers = { 'Content-Type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${this.#url}${path}`, { method, headers, ...sent });
    const told = (await answer.json()) as Record<string, unknown>;
    // The page shows this text as it is: an object in its place would be "[object Object]".
    if (!answer.ok) throw new Error(`${answer.status} ${String(told['detail'])}`);
    return told;
  }
}
