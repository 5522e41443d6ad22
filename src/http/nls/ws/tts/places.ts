import type { Stream } from '../../../../routing/router.js';
import type { Connection } from '../../../ws/connection.js';

/** The workers of connections: a later task for the same model has the same one. */
export class SpeechPlaces {
  readonly #streams = new WeakMap<Connection, Stream>();

  /**
   * The place of a connection at a model.
   * @throws ChorusError as `Connection.place` does.
   */
  of(connection: Connection, model: string): Stream {
    const placed = this.#streams.get(connection);
    if (placed?.model === model) return placed;
    const stream = connection.place({ service: 'tts', model });
    placed?.close();
    this.#streams.set(connection, stream);
    return stream;
  }
}
