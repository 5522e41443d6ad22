import { diag, type DiagLogger, DiagLogLevel } from '@opentelemetry/api';
import { core } from '@opentelemetry/sdk-node';

import type { Logger } from '../log.js';

/** A collector's answer may be a whole page. */
const MAX_SHOWN_CHARACTERS = 200;

/**
 * Takes what the library says: what it does not understand about its variables is a warning, and so
 * is the first failure to send; all else is for debugging.
 */
export class OtelFailures {
  readonly #log: Logger;
  #isStarting = true;
  #hasFailed = false;

  constructor(log: Logger) {
    this.#log = log;
    const options = { logLevel: DiagLogLevel.DEBUG, suppressOverrideMessage: true };
    diag.setLogger(this.#diagLogger(), options);
    core.setGlobalErrorHandler((caught: unknown) => this.notSent(caught));
  }

  /** The library has read its variables. */
  started(): void {
    this.#isStarting = false;
  }

  /** Spans did not reach the collector. */
  notSent(caught: unknown): void {
    const words = caught instanceof Error ? caught.message : String(caught);
    const reason = words.slice(0, MAX_SHOWN_CHARACTERS);
    if (this.#hasFailed) this.#log.debug({ reason }, 'spans could not be sent');
    else this.#log.warn({ reason }, 'spans could not be sent; requests are served all the same');
    this.#hasFailed = true;
  }

  /** Its words are passed on, and its values are not: they may be spans and headers. */
  #diagLogger(): DiagLogger {
    const facts = { library: 'opentelemetry' };
    const debug = (text: string): void => this.#log.debug(facts, text);
    const warn = (text: string): void => {
      if (this.#isStarting) this.#log.warn(facts, text);
      else debug(text);
    };
    return { verbose: () => undefined, debug, info: debug, warn, error: warn };
  }
}
