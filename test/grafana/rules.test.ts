import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { ERROR_TABLE } from '../../src/protocol/errors.js';
import { verdictOn } from '../../src/supervisor/device-faults.js';
import { hasPrometheus, promtool } from '../support/prometheus.js';
import { GRAFANA_DIR } from './dashboards.js';
import { parseQuery } from './promql.js';
import { readAlerts } from './rules.js';
import { familyOf } from './series.js';

const alerts = readAlerts();
const testFiles = readdirSync(join(GRAFANA_DIR, 'tests'));

/** A file of cases for `promtool test rules`, as far as it matters here. */
interface Cases {
  readonly tests: {
    readonly promql_expr_test: { readonly exp_samples: readonly { readonly labels: string }[] }[];
  }[];
}

test.runIf(hasPrometheus)(
  'promtool finds nothing wrong with the rules and the configuration',
  async () => {
    expect(
      await promtool(['check', 'config', 'prometheus.yml'], { cwd: GRAFANA_DIR }),
    ).toMatchObject({
      code: 0,
      output: expect.stringContaining(`${alerts.length} rules found`),
    });
    const strict = ['check', 'rules', '--lint=all', '--lint-fatal', 'alerts/chorus.rules.yml'];
    expect(await promtool(strict, { cwd: GRAFANA_DIR })).toMatchObject({ code: 0 });
  },
);

test.runIf(hasPrometheus).each(testFiles)(
  'alerts fire and stay silent as %s says',
  async (file) => {
    const { code, output } = await promtool(['test', 'rules', join('tests', file)], {
      cwd: GRAFANA_DIR,
    });
    expect(code, output).toBe(0);
  },
);

describe.each(alerts)('$alert', ({ alert, expr, labels, annotations }) => {
  const query = parseQuery(expr);
  const text = Object.values(annotations).join('\n');

  test('asks for series that there are', () => {
    expect(query.isWellFormed).toBe(true);
    for (const { name } of query.selectors) expect(familyOf(name), name).toBeDefined();
  });

  test('says how bad it is, what it is, and what to do', () => {
    expect(['warning', 'critical']).toContain(labels['severity']);
    expect(annotations.summary).not.toMatch(/\.$/);
    expect(annotations.description).toMatch(/\.$/);
    expect(annotations.runbook).toMatch(/\.$/);
    expect(annotations.runbook_url).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
  });

  test('has a case in which it fires, with the labels that its words use', () => {
    const fired = firedLabels(alert);
    expect(fired).not.toEqual([]);
    const used = [...text.matchAll(/\{\{ \$labels\.(\w+)/g)].map(([, label]) => label);
    for (const label of used) expect(fired).toContain(label);
  });
});

test('the XIDs that are critical are those that put a GPU out of service', () => {
  const all = Array.from({ length: 1000 }, (_, xid) => xid);
  const critical = all.filter((xid) => verdictOn({ uuid: '', xid }) === 'out_of_service');
  const { expr = '' } = alerts.find(({ alert }) => alert === 'ChorusGpuXidCritical') ?? {};
  const named = [...expr.matchAll(/xid=~"([\d|]+)"/g)].map(([, xids = '']) => xids);
  expect(named).toEqual([critical.join('|'), critical.join('|')]);
});

test('the errors that alarm are those whose status blames the server', () => {
  const faults = Object.entries(ERROR_TABLE)
    .filter(
      ([code, { status }]) => status >= 500 && !['not_implemented', 'draining'].includes(code),
    )
    .map(([code]) => code);
  const { expr = '' } = alerts.find(({ alert }) => alert === 'ChorusErrorRatioHigh') ?? {};
  expect(/outcome=~"([^"]*)"/.exec(expr)?.[1]?.split('|')).toEqual(faults);
});

/** Labels of an alert in the cases in which it is expected to fire. */
function firedLabels(alert: string): string[] {
  const samples = testFiles
    .map((file) => parse(readFileSync(join(GRAFANA_DIR, 'tests', file), 'utf8')) as Cases)
    .flatMap(({ tests }) => tests.flatMap((one) => one.promql_expr_test))
    .flatMap((one) => one.exp_samples.map(({ labels }) => labels));
  return samples
    .filter((sample) => sample.includes(`alertname="${alert}",alertstate="firing"`))
    .flatMap((sample) => [...sample.matchAll(/(\w+)=/g)].map(([, label = '']) => label));
}
