import { readFile } from 'node:fs/promises';

import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';

import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { PROCESS_SERIES, SERIES, SERIES_PREFIX } from '../../src/telemetry/metrics/series.js';
import type { SeriesRow } from '../../src/telemetry/metrics/series-row.js';
import { ServerCollector } from '../../src/telemetry/metrics/server-collector.js';

const lines: { msg: string; collector?: string }[] = [];
const log = pino({}, { write: (line) => void lines.push(JSON.parse(line)) });
let metrics: Metrics;

beforeEach(() => {
  lines.length = 0;
  metrics = new Metrics(log);
});

function allSeries(): [string, SeriesRow][] {
  const own = Object.entries(SERIES).map(([name, row]): [string, SeriesRow] => [
    SERIES_PREFIX + name,
    row,
  ]);
  return [...own, ...Object.entries(PROCESS_SERIES)];
}

describe('the table of series', () => {
  it('is that of docs/operations.md, row by row', async () => {
    const text = await readFile('docs/operations.md', 'utf8');
    const documented = text
      .split('\n')
      .filter((line) => /^\| `(?:speech|process)_/.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
      .map(([, name, type, labels, help]) => [name, type, labels, help]);
    const rows = allSeries().map(([name, { type, labels, help }]) => [
      name,
      type,
      labels.join(', '),
      help,
    ]);
    expect(documented).toEqual(rows);
  });

  it('names units as Prometheus does: counters, and they alone, end in _total', () => {
    const wrong = allSeries().filter(
      ([name, { type }]) => name.endsWith('_total') !== (type === 'counter'),
    );
    expect(wrong).toEqual([]);
  });
});

describe('a scrape', () => {
  it('of a server that has done nothing has no series but those that are measured', async () => {
    expect(await metrics.scrape('text')).toBe('\n');
    metrics.add(new ServerCollector('1.2.3'));
    const text = await metrics.scrape('text');
    expect(text).toContain('speech_build_info{version="1.2.3"} 1');
    expect(text).toContain('speech_collector_success{collector="server"} 1');
    expect(text).not.toContain('speech_gpus_missing');
  });

  it('is text for Prometheus', async () => {
    metrics.requests.retried('tts', 'replica_lost');
    expect(await metrics.scrape('text')).toBe(
      [
        '# HELP speech_retries_total Times that work went on at another place, by the error code that made it.',
        '# TYPE speech_retries_total counter',
        'speech_retries_total{task="tts",reason="replica_lost"} 1',
        '',
      ].join('\n'),
    );
  });

  it('is OpenMetrics for who asks for it, and text again for the next', async () => {
    metrics.requests.retried('tts', 'replica_lost');
    metrics.requests.firstByte('m', 0.07);
    const before = await metrics.scrape('text');
    const text = await metrics.scrape('openMetrics');
    expect(text).toContain('# TYPE speech_retries counter\n');
    expect(text).toContain('speech_retries_total{task="tts",reason="replica_lost"} 1\n');
    expect(text).toContain('speech_tts_first_byte_seconds_bucket{le="0.1",model="m"} 1\n');
    expect(text).toMatch(/\n# EOF\n$/);
    expect(text).not.toContain('\n\n');
    expect(await metrics.scrape('text')).toBe(before);
  });

  it('lives on when a group of series fails: it is told, logged once, and comes back', async () => {
    let isBroken = true;
    metrics.add(new ServerCollector('1'));
    metrics.add({
      name: 'moody',
      collect: ({ queued }) => {
        queued.reset();
        if (isBroken) throw new Error('Not today.');
        queued.set({ task: 'tts', model: 'm' }, 3);
      },
    });
    for (let round = 0; round < 3; round += 1) {
      const text = await metrics.scrape('text');
      expect(text).toContain('speech_collector_success{collector="moody"} 0');
      expect(text).toContain('speech_collector_success{collector="server"} 1');
      expect(text).toContain('speech_build_info');
      expect(text).not.toContain('speech_queued');
    }
    expect(lines.map(({ msg, collector }) => [msg, collector])).toEqual([
      ['series are missing', 'moody'],
    ]);
    isBroken = false;
    const text = await metrics.scrape('text');
    expect(text).toContain('speech_collector_success{collector="moody"} 1');
    expect(text).toContain('speech_queued{task="tts",model="m"} 3');
  });

  it('is shared by those who ask at the same time', async () => {
    let collections = 0;
    metrics.add({ name: 'counting', collect: () => void (collections += 1) });
    const texts = await Promise.all([metrics.scrape('text'), metrics.scrape('text')]);
    expect(texts[0]).toBe(texts[1]);
    expect(collections).toBe(1);
    await metrics.scrape('text');
    expect(collections).toBe(2);
  });
});
