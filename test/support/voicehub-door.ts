import { Door, type DoorOptions, PassingMedia } from './door.js';
import { noiseWav, VoicesHome } from './voices.js';

/** A door whose voices are kept on disk. */
export class VoiceHubDoor {
  readonly home: VoicesHome;
  readonly door: Door;

  private constructor(home: VoicesHome, door: Door) {
    this.home = home;
    this.door = door;
  }

  static async open(options: DoorOptions = {}): Promise<VoiceHubDoor> {
    const home = await VoicesHome.make(new PassingMedia());
    const voices = await home.open();
    return new VoiceHubDoor(home, await Door.open({ voices, ...options }));
  }

  /** Registers a voice as VoiceHub does. */
  register(fields: Readonly<Record<string, unknown>> = {}): Promise<Response> {
    return this.door.postJson('/speakers', { ...speaker, ...fields });
  }

  async names(): Promise<unknown> {
    const body = (await (await this.door.get('/speakers')).json()) as {
      readonly speakers: unknown;
    };
    return body.speakers;
  }

  async close(): Promise<void> {
    await this.door.close();
    await this.home.remove();
  }
}

/** A recording of a second in base64. */
export const RECORDING = noiseWav(1).toString('base64');

/** A registration that is in order. */
export const speaker = {
  speaker_id: 'ann',
  prompt_text: 'Words that are spoken.',
  prompt_audio: RECORDING,
  language: 'en',
};

/** Status and `detail` of a refusal. */
export async function refusalOf(response: Response): Promise<readonly [number, string]> {
  const body = (await response.json()) as Record<string, unknown>;
  if (Object.keys(body).join() !== 'detail')
    throw new Error(`not a refusal: ${JSON.stringify(body)}`);
  return [response.status, String(body['detail'])];
}
