import { diag, type DiagLogger, DiagLogLevel } from '@opentelemetry/api';
import { core } from '@opentelemetry/sdk-node';

import type { Logger } from '../log.js';

/**
 * Sends what the library says to our log: what it does not understand about its variables as
 * warnings, and after that only the first failure to send; all else is for debugging.
 * @returns To be called when it has started.
 */
export function routeFailures(log: Logger): () => void {
  let isStarting = true;
  let hasFailed = false;
  diag.setLogger(
    diagLogger(log, () => isStarting),
    { logLevel: DiagLogLevel.DEBUG, suppressOverrideMessage: true },
  );
  core.setGlobalErrorHandler((err: unknown) => {
    const shown = err instanceof Error ? err : new Error(String(err));
    if (hasFailed) log.debug({ err: shown }, 'spans could not be sent');
    else log.warn({ err: shown }, 'spans could not be sent; further failures are not logged');
    hasFailed = true;
  });
  return () => {
    isStarting = false;
  };
}

/** Takes the words and leaves the values: they may be spans and headers. */
function diagLogger(log: Logger, isStarting: () => boolean): DiagLogger {
  const debug = (text: string): void => log.debug({ library: 'opentelemetry' }, text);
  const warn = (text: string): void => {
    if (isStarting()) log.warn({ library: 'opentelemetry' }, text);
    else debug(text);
  };
  return { verbose: () => undefined, debug, info: debug, warn, error: warn };
}
