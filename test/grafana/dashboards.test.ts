import { expect, describe, test } from 'vitest';

import { ERROR_TABLE } from '../../src/protocol/errors.js';
import { panelsOf, queriesOf, readDashboards, type Panel } from './dashboards.js';
import { parseQuery, variablesOf, withValues } from './promql.js';
import { ALL_SERIES, familyOf, RARE_COUNTERS } from './series.js';

const dashboards = readDashboards();

test('there are the four dashboards, each with a uid, title and description of its own', () => {
  expect(dashboards.map(({ file, uid }) => [file, uid])).toEqual([
    ['gpus.json', 'chorus-gpus'],
    ['overview.json', 'chorus-overview'],
    ['streams.json', 'chorus-streams'],
    ['workers.json', 'chorus-workers'],
  ]);
  expect(new Set(dashboards.map(({ title }) => title)).size).toBe(4);
});

describe.each(dashboards)('$file', (dashboard) => {
  const panels = panelsOf(dashboard);
  const variables = dashboard.templating.list;
  const queries = queriesOf(dashboard);

  test('is of the classic model and belongs to no one Grafana', () => {
    expect(dashboard).toMatchObject({ schemaVersion: 42, id: null, editable: false });
    expect(dashboard.text).not.toMatch(/__inputs|__requires/);
    expect(dashboard.description).toMatch(/^[A-Z].*\.$/s);
  });

  test('is written as Grafana exports it, keys in order, so that changes are small', () => {
    const written = `${JSON.stringify(withSortedKeys(JSON.parse(dashboard.text)), null, 2)}\n`;
    const squeezed = (text: string): string => text.replace(/\s+/g, '');
    expect(squeezed(dashboard.text)).toBe(squeezed(written));
    expect(dashboard.panels.map(({ id }) => id)).toEqual(dashboard.panels.map((_, at) => at + 1));
  });

  test('leads to the other dashboards', () => {
    expect(dashboard.tags).toContain('chorus');
    expect(dashboard.links).toMatchObject([
      { type: 'dashboards', tags: ['chorus'], includeVars: true, keepTime: true },
    ]);
  });

  test('has the variables that its queries use, and no others', () => {
    const used = queries.flatMap(({ expr }) => variablesOf(expr));
    const declared = variables.map(({ name }) => name);
    expect(declared).toEqual(expect.arrayContaining(['datasource', 'job', 'instance']));
    expect(new Set(declared)).toEqual(new Set(['datasource', ...used]));
  });

  test('has variables that allow several values and all', () => {
    const [datasource, ...others] = variables;
    expect(datasource).toMatchObject({ name: 'datasource', type: 'datasource' });
    for (const variable of others) {
      expect(variable).toMatchObject({
        type: 'query',
        multi: true,
        includeAll: true,
        allValue: '.+',
      });
      expect(variable).toMatchObject({ current: { value: ['$__all'] } });
      expect(variable).toMatchObject({ refresh: 2, datasource: { uid: '${datasource}' } });
      const selector = /^label_values\((.*), \w+\)$/.exec(variable.definition ?? '')?.[1] ?? '?';
      expect(parseQuery(withValues(selector)).isWellFormed, variable.definition).toBe(true);
    }
  });

  test('says of each panel what it shows, in which unit, and what it says without data', () => {
    for (const panel of panels) {
      const { unit, noValue } = panel.fieldConfig?.defaults ?? {};
      expect(panel.description, panel.title).toMatch(/^[A-Z].{20,}\.$/s);
      expect(unit, panel.title).toMatch(/./);
      expect(noValue, panel.title).toMatch(/./);
      expect(panel.targets, panel.title).not.toEqual([]);
    }
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  test('asks the chosen data source everywhere', () => {
    const sources = panels.flatMap(({ datasource, targets = [] }) => [
      datasource,
      ...targets.map(({ datasource }) => datasource),
    ]);
    expect(new Set(sources.map((source) => source?.uid))).toEqual(new Set(['${datasource}']));
  });

  test('fills its grid without holes and overlaps', () => {
    const cells = dashboard.panels.flatMap(cellsOf);
    expect(new Set(cells).size).toBe(cells.length);
    const rows = new Set(dashboard.panels.flatMap(({ gridPos: { y, h } }) => range(y, h)));
    expect(cells.length).toBe(rows.size * 24);
  });

  test('has well-formed queries for series that there are', () => {
    for (const { where, expr } of queries) {
      const { isWellFormed, selectors } = parseQuery(withValues(expr));
      expect(isWellFormed, where).toBe(true);
      for (const { name } of selectors) expect(familyOf(name), `${where}: ${name}`).toBeDefined();
    }
  });

  test('keeps to the chosen jobs, instances and GPUs', () => {
    for (const { where, expr } of queries) {
      const { selectors } = parseQuery(expr.replaceAll(/\[\$__\w+\]/g, '[1m]'));
      for (const { matchers } of selectors) {
        expect(matchers, where).toContain('job=~"$job",instance=~"$instance"');
      }
      const ofGpus = selectors.filter(({ name }) => ALL_SERIES.get(name)?.labels.includes('gpu'));
      if (ofGpus.length === 0 || where.endsWith(': XIDs')) continue;
      const matchers = ofGpus.map(({ matchers }) => matchers).join();
      expect(matchers, where).toContain('gpu=~"$gpu"');
    }
  });

  test('looks at counters through rates, over a time that fits the scrapes', () => {
    for (const { where, expr } of queries) {
      for (const { range, metric } of parseQuery(expr.replaceAll('$__', '')).rangedCalls) {
        // The annotation of restarts counts events per minute: its own step.
        const fitting = [
          'rate_interval',
          'range',
          ...(RARE_COUNTERS.includes(metric) ? ['1m'] : []),
        ];
        expect(fitting, where).toContain(range);
      }
      expect(bareCounters(expr), where).toEqual([]);
    }
  });
});

test('errors that count against the server are those whose status says so', () => {
  const faults = Object.entries(ERROR_TABLE)
    .filter(
      ([code, { status }]) => status >= 500 && !['not_implemented', 'draining'].includes(code),
    )
    .map(([code]) => code);
  const queries = dashboards.flatMap(queriesOf);
  const failed = queries.find(({ where }) => where.includes(': Failed,'))?.expr ?? '';
  expect(/outcome=~"([^"]*)"/.exec(failed)?.[1]?.split('|')).toEqual(faults);
});

/** Counters that a query shows as they are, which says nothing. */
function bareCounters(expr: string): string[] {
  const { selectors, rangedCalls } = parseQuery(withValues(expr));
  const rated = new Set(rangedCalls.map(({ metric }) => metric));
  return selectors
    .map(({ name }) => name)
    .filter((name) => ALL_SERIES.get(familyOf(name) ?? '')?.type !== 'gauge')
    .filter((name) => /_(?:total|bucket|sum|count)$/.test(name))
    .filter((name) => !rated.has(name) && !RARE_COUNTERS.includes(name));
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, withSortedKeys(inner)]));
}

function cellsOf({ gridPos: { x, y, w, h } }: Panel): string[] {
  return range(y, h).flatMap((row) => range(x, w).map((column) => `${row}:${column}`));
}

function range(start: number, length: number): number[] {
  return Array.from({ length }, (_, at) => start + at);
}
