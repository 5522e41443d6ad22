import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { panelsOf, queriesOf, readDashboards } from './dashboards.js';
import { parseQuery, withValues } from './promql.js';
import { readAlerts } from './rules.js';
import { ALL_SERIES, familyOf } from './series.js';

const alertsPage = readFileSync('docs/alerts.md', 'utf8');
const monitoringPage = readFileSync('docs/monitoring.md', 'utf8');
const dashboards = readDashboards();

test('docs/alerts.md has every alert in the order of the rules, and as severe', () => {
  const documented = [...alertsPage.matchAll(/^### (\w+)\n\n(\w+),/gm)].map(
    ([, name, severity]) => [name, severity],
  );
  expect(documented).toEqual(readAlerts().map(({ alert, labels }) => [alert, labels['severity']]));
});

test('docs/alerts.md says how long an alert waits, where it does', () => {
  for (const { alert, for: wait } of readAlerts()) {
    const [, firstWords = ''] = new RegExp(`### ${alert}\\n\\n([^.]*\\.)`).exec(alertsPage) ?? [];
    const minutes = /^(\d+)m$/.exec(wait ?? '')?.[1];
    if (minutes !== undefined)
      expect(firstWords, alert).toMatch(new RegExp(`after ${minutes} minute`));
    else expect(firstWords, alert).not.toMatch(/after \d/);
  }
});

test('docs/monitoring.md names panels that there are', () => {
  for (const dashboard of dashboards) {
    const titles = dashboard.panels.map(({ title }) => title.split(',')[0]);
    const heading = dashboard.title.replace('Chorus / ', '### ');
    const [, section = ''] = monitoringPage.split(`${heading}\n`);
    const rows = (section.split(/^##/m)[0] ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| '));
    const named = rows.flatMap(emphasised);
    expect(named.length, heading).toBeGreaterThan(3);
    for (const name of named) expect([...titles, 'Advice'], heading).toContain(name);
  }
});

test('alerts and panels are spoken of by their names', () => {
  const titles = dashboards.flatMap((dashboard) => panelsOf(dashboard).map(({ title }) => title));
  const named = emphasised(alertsPage);
  expect([...titles, 'Overview']).toEqual(expect.arrayContaining(named));
});

test('every series is drawn in a panel, or said here to be drawn nowhere', () => {
  const queries = dashboards.flatMap(queriesOf);
  const drawn = new Set(
    queries
      .flatMap(({ expr }) => parseQuery(withValues(expr)).selectors)
      .map(({ name }) => familyOf(name)),
  );
  const missing = [...ALL_SERIES.keys()].filter(
    (name) => !drawn.has(name) && !monitoringPage.includes(`\`${name}\``),
  );
  expect(missing).toEqual([]);
});

/** What a page sets in italics: the names of panels and dashboards. */
function emphasised(text: string): string[] {
  const pattern = /(?<![\w`])_([A-Z][^_`\n]+)_(?![\w`])/g;
  return [...text.matchAll(pattern)].map(([, name = '']) => name);
}
