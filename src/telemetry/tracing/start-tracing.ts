import type { TracingSettings } from '../../config/tracing.js';
import type { Tracing } from '../../protocol/trace.js';
import type { Logger } from '../log.js';

/** Tracing that is on. */
export interface RunningTracing extends Tracing {
  /**
   * Sends what has not been sent yet, for a second at most.
   * @returns Whether it has ended; if not, the library goes on trying, which holds up the process.
   */
  stop(): Promise<boolean>;
}

/** What tracing is started with. */
export interface TracingOptions extends TracingSettings {
  /** Version of the server, which each span tells. */
  readonly version: string;
  readonly log: Logger;
}

/**
 * Starts tracing if it is on. The library is loaded here and nowhere else, so that it costs nothing
 * while it is off. What is wrong with it is logged and keeps nobody from serving.
 */
export async function startTracing(options: TracingOptions): Promise<RunningTracing | undefined> {
  if (!options.isOn) return undefined;
  const { log } = options;
  try {
    const { OtelTracing } = await import('./otel-tracing.js');
    return OtelTracing.start(options);
  } catch (err) {
    log.warn({ err }, 'tracing cannot be started; requests are not traced');
    return undefined;
  }
}
