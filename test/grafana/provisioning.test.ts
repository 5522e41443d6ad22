import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { GRAFANA_DIR } from './dashboards.js';

interface Service {
  readonly image: string;
  readonly network_mode: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<'prometheus' | 'grafana', Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

function read(path: string): unknown {
  return parse(readFileSync(join(GRAFANA_DIR, path), 'utf8'));
}

const { services, volumes } = read('compose.yml') as Compose;
const both = Object.values(services);

test('the images are pinned to a version', () => {
  for (const { image } of both) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
});

test('both listen on loopback only, on the network of the host', () => {
  expect(both.map(({ network_mode }) => network_mode)).toEqual(['host', 'host']);
  expect(services.prometheus.command).toContain('--web.listen-address=127.0.0.1:9090');
  expect(services.grafana.environment).toMatchObject({
    GF_SERVER_HTTP_ADDR: '127.0.0.1',
    GF_SERVER_HTTP_PORT: '3000',
  });
});

test('nobody can log in to Grafana with a password that everybody knows', () => {
  expect(services.grafana.environment).toMatchObject({
    GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
  });
});

test('what is mounted from here is there and read-only; what is kept has a volume', () => {
  for (const mount of both.flatMap(({ volumes }) => volumes)) {
    const [source = '', , mode] = mount.split(':');
    if (!source.startsWith('.')) {
      expect(Object.keys(volumes)).toContain(source);
      continue;
    }
    expect(existsSync(join(GRAFANA_DIR, source)), mount).toBe(true);
    expect(mode, mount).toBe('ro');
  }
});

test('Grafana finds the dashboards where they are mounted', () => {
  const { providers } = read('provisioning/dashboards/chorus.yml') as {
    providers: { options: { path: string }; allowUiUpdates: boolean }[];
  };
  expect(providers).toMatchObject([{ allowUiUpdates: false }]);
  const path = providers[0]?.options.path ?? '';
  expect(services.grafana.volumes).toContain(`./dashboards:${path}:ro`);
  const home = services.grafana.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
  expect(existsSync(home.replace(path, join(GRAFANA_DIR, 'dashboards')))).toBe(true);
});

test('Grafana asks the Prometheus of the same file, and knows how often it scrapes', () => {
  const { global } = read('prometheus.yml') as { global: { scrape_interval: string } };
  const timeInterval = global.scrape_interval;
  expect(read('provisioning/datasources/prometheus.yml')).toMatchObject({
    datasources: [{ url: 'http://127.0.0.1:9090', jsonData: { timeInterval } }],
  });
});

test('Prometheus scrapes a server with the default settings, and reads the rules where they lie', () => {
  expect(read('prometheus.yml')).toMatchObject({
    rule_files: ['alerts/*.rules.yml'],
    scrape_configs: [{ job_name: 'chorus', static_configs: [{ targets: ['127.0.0.1:8000'] }] }],
  });
  expect(services.prometheus.volumes).toContain('./alerts:/etc/prometheus/alerts:ro');
});
