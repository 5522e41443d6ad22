/** What the standard variables of OpenTelemetry say that is not its library's business alone. */
export interface TracingSettings {
  readonly isOn: boolean;
  /** Whether the operator says what spans tell of the machine and the process. */
  readonly hasDetectors: boolean;
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];

/**
 * Reads whether requests are to be traced: off unless an exporter or the address of a collector is
 * named. All other `OTEL_*` variables are read by the library itself.
 */
export function tracingSettings(env: NodeJS.ProcessEnv = process.env): TracingSettings {
  const isSet = (name: string): boolean => (env[name] ?? '').trim() !== '';
  const exporters = (env['OTEL_TRACES_EXPORTER'] ?? '').split(',').map((one) => one.trim());
  const isWanted = isSet('OTEL_TRACES_EXPORTER') || ENDPOINTS.some(isSet);
  const isDisabled = (env['OTEL_SDK_DISABLED'] ?? '').trim().toLowerCase() === 'true';
  return {
    isOn: isWanted && !isDisabled && !exporters.includes('none'),
    hasDetectors: isSet('OTEL_NODE_RESOURCE_DETECTORS'),
  };
}
