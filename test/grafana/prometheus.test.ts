import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { eventually } from '../support/eventually.js';
import {
  complaintsAbout,
  hasPrometheus,
  startPrometheus,
  type Prometheus,
} from '../support/prometheus.js';

const PAGE = '# HELP speech_a A figure.\n# TYPE speech_a gauge\nspeech_a{b="c"} 7\n';
const page = createServer((_, response) => response.end(PAGE));
let folder: string;
let prometheus: Prometheus;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-rules-'));
  const ruleFile = join(folder, 'rules.yml');
  const rule = '{ alert: A, expr: speech_a == 7, annotations: { text: "{{ $labels.b }}" } }';
  await writeFile(ruleFile, `groups: [{ name: g, rules: [${rule}] }]`);
  await once(page.listen(0, '127.0.0.1'), 'listening');
  const { port } = page.address() as AddressInfo;
  const targets = [`http://127.0.0.1:${port}`];
  prometheus = await startPrometheus({ targets, ruleFiles: [ruleFile] });
});

afterAll(async () => {
  await prometheus.stop();
  page.close();
  await rm(folder, { recursive: true });
});

test.runIf(hasPrometheus)('a page of metrics is scraped and asked for', async () => {
  const samples = await eventually(async () => {
    const samples = await prometheus.query('speech_a');
    expect(samples).not.toEqual([]);
    return samples;
  });
  expect(samples).toMatchObject([{ labels: { job: 'chorus', b: 'c' }, value: '7' }]);
  expect(await prometheus.targets()).toMatchObject([{ health: 'up', lastError: '' }]);
});

test.runIf(hasPrometheus)('alerts fire, and rules say how they are', async () => {
  await eventually(async () =>
    expect(await prometheus.alerts()).toMatchObject([
      { state: 'firing', labels: { alertname: 'A' }, annotations: { text: 'c' } },
    ]),
  );
  expect(await prometheus.rules()).toMatchObject([{ name: 'A', health: 'ok' }]);
});

test.runIf(hasPrometheus)('a query that is wrong is refused with words', async () => {
  await expect(prometheus.query('rate(speech_a)')).rejects.toThrow('expected type range vector');
});

test.runIf(hasPrometheus)('a configuration that is wrong is refused with words', async () => {
  const wrong = startPrometheus({ targets: [], ruleFiles: [join(folder, '[')] });
  await expect(wrong).rejects.toThrow('syntax error in pattern');
});

test.runIf(hasPrometheus)('promtool tells a tidy page of metrics from an untidy one', async () => {
  expect(await complaintsAbout(PAGE)).toBe('');
  expect(await complaintsAbout('speech_b_count 1\n')).toContain('speech_b_count');
});
