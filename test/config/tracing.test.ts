import { expect, test } from 'vitest';

import { tracingSettings } from '../../src/config/tracing.js';

const AT = 'http://127.0.0.1:4318';

test.each([
  [{}, false],
  [{ OTEL_SERVICE_NAME: 'chorus', OTEL_TRACES_SAMPLER: 'always_on' }, false],
  [{ OTEL_TRACES_EXPORTER: '' }, false],
  [{ OTEL_TRACES_EXPORTER: 'none' }, false],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: AT }, false],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: AT }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: AT }, true],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: AT }, false],
  [{ OTEL_SDK_DISABLED: 'True', OTEL_EXPORTER_OTLP_ENDPOINT: AT }, false],
  [{ OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_ENDPOINT: AT }, true],
])('tracing with %o is on: %s', (env, isOn) => {
  expect(tracingSettings(env as NodeJS.ProcessEnv).isOn).toBe(isOn);
});
