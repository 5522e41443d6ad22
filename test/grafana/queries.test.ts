import { afterAll, beforeAll, expect, test } from 'vitest';

import { eventually } from '../support/eventually.js';
import { complaintsAbout, hasPrometheus, type Sample } from '../support/prometheus.js';
import { queriesOf, readDashboards, type NamedQuery } from './dashboards.js';
import { parseQuery, withValues } from './promql.js';
import { readAlerts } from './rules.js';
import { causeFaults, causeTraffic, nextScrapes } from './traffic.js';
import { startWatchedServers, type WatchedServers } from './watched-servers.js';

const queries = readDashboards().flatMap(queriesOf);
let servers: WatchedServers;

beforeAll(async () => {
  servers = await startWatchedServers();
  await nextScrapes(servers.prometheus);
  // Twice, since a counter that is born has no rate yet.
  await causeTraffic(servers);
  await nextScrapes(servers.prometheus);
  await causeTraffic(servers);
  await causeFaults(servers);
});

afterAll(async () => {
  await servers.stop();
});

test.runIf(hasPrometheus)(
  'every query of every panel and annotation is answered with data',
  async () => {
    await eventually(async () => expect(await unanswered(queries)).toEqual([]));
  },
);

test.runIf(hasPrometheus)('every legend has the labels that it shows', async () => {
  for (const { where, expr, shownLabels } of queries) {
    const samples = await ask(expr);
    if (samples.length === 0) continue;
    const had = new Set(samples.flatMap(({ labels }) => Object.keys(labels)));
    expect([...had], where).toEqual(expect.arrayContaining([...shownLabels]));
  }
});

test.runIf(hasPrometheus)('every series that an alert looks at has data', async () => {
  const selected = readAlerts().flatMap(({ alert, expr }) =>
    parseQuery(expr).selectors.map(({ name, matchers }) => ({
      where: alert,
      expr: name + matchers,
      shownLabels: [],
    })),
  );
  await eventually(async () => expect(await unanswered(selected)).toEqual([]));
});

test.runIf(hasPrometheus)(
  'alerts are evaluated without errors, and those of the planted faults fire',
  async () => {
    const fired = await eventually(async () => {
      const alerts = await servers.prometheus.alerts();
      const firing = alerts.filter(({ state }) => state === 'firing');
      const names = firing.map(({ labels }) => `${labels['alertname']} ${labels['xid']}`);
      expect(names).toEqual(
        expect.arrayContaining(['ChorusGpuXidCritical 79', 'ChorusGpuXidContained 94']),
      );
      return firing;
    });
    const words = fired.flatMap(({ annotations }) => Object.values(annotations)).join('\n');
    expect(words).toContain('reports XID 79');
    expect(words).not.toMatch(/<no value>|<error|\{\{/);
    const rules = await servers.prometheus.rules();
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(rules.length).toBe(readAlerts().length);
  },
);

test.runIf(hasPrometheus)('promtool has nothing against the pages of metrics', async () => {
  for (const { url } of [servers.chorus, servers.live, servers.slow]) {
    expect(await complaintsAbout(await (await fetch(`${url}/metrics`)).text())).toBe('');
  }
});

/** Asks with all variables set to all, over a time that has seen the whole test. */
function ask(expr: string): Promise<readonly Sample[]> {
  return servers.prometheus.query(withValues(expr.replaceAll('$__rate_interval', '5m')));
}

/** Queries without an answer. */
async function unanswered(all: readonly NamedQuery[]): Promise<string[]> {
  const missing: string[] = [];
  for (const { where, expr } of all) {
    if ((await ask(expr)).length === 0) missing.push(where);
  }
  return missing;
}
