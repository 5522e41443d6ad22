/** Debian's Prometheus and promtool for tests: real programs, each with its own storage and port. */
import {
  spawn,
  spawnSync,
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
} from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { stringify } from 'yaml';

/** Whether Prometheus and promtool are installed; the Debian package prometheus has both. */
export const hasPrometheus = ['prometheus', 'promtool'].every(
  (program) => spawnSync(program, ['--version']).status === 0,
);

/** What a Prometheus for a test shall do. */
export interface PrometheusOptions {
  /** URLs of the servers whose `/metrics` it scrapes, such as `http://127.0.0.1:8000`. */
  readonly targets: readonly string[];
  /** Name of the job; `chorus` unless told. */
  readonly job?: string;
  /** How often it scrapes and evaluates its rules; a second unless told. */
  readonly intervalSeconds?: number;
  /** Absolute paths of rule files. */
  readonly ruleFiles?: readonly string[];
}

/** A series in the answer to a query, with its newest value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** As Prometheus writes it, so that `NaN` and `+Inf` stay what they are. */
  readonly value: string;
}

/** An alert that fires or waits for its time. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/** A rule as Prometheus sees it. */
export interface RuleStatus {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

/** A Prometheus that runs. */
export interface Prometheus {
  readonly url: string;
  /** Answers an instant query; throws what Prometheus says is wrong with it. */
  query(expression: string): Promise<readonly Sample[]>;
  alerts(): Promise<readonly ActiveAlert[]>;
  rules(): Promise<readonly RuleStatus[]>;
  /** Health and last error of each target. */
  targets(): Promise<readonly { readonly health: string; readonly lastError: string }[]>;
  stop(): Promise<void>;
}

/** Starts Prometheus and resolves when it answers queries. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  await writeFile(config, stringify(configOf(options)));
  const child = spawn('prometheus', [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
  ]);
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { ...apiOf(await announcedUrl(child)), stop };
  } catch (caught) {
    await stop();
    throw caught;
  }
}

function configOf({
  targets,
  job = 'chorus',
  intervalSeconds = 1,
  ruleFiles = [],
}: PrometheusOptions) {
  const interval = `${intervalSeconds}s`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ruleFiles,
    scrape_configs: [
      {
        job_name: job,
        static_configs: [{ targets: targets.map((target) => new URL(target).host) }],
      },
    ],
  };
}

/** It logs its address when the port is open, and later that it is ready. */
function announcedUrl(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve, reject) => {
    let url = '';
    let log = '';
    createInterface({ input: child.stderr }).on('line', (line) => {
      log += `${line}\n`;
      const address = /msg="Listening on".* address=(\S+)/.exec(line)?.[1];
      if (address !== undefined) url = `http://${address}`;
      if (line.includes('Server is ready to receive web requests')) resolve(url);
    });
    child.once('error', (error) => reject(missingProgram('prometheus', error)));
    child.once('exit', (code) => reject(new Error(`prometheus ended with ${code}:\n${log}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

function missingProgram(program: string, error: Error): Error {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  const why = `This test needs the program ${program}: install the Debian package prometheus.`;
  return new Error(why, { cause: error });
}

function apiOf(url: string): Omit<Prometheus, 'stop'> {
  return {
    url,
    async query(expression) {
      const body = new URLSearchParams({ query: expression });
      return samplesOf(await ask<QueryData>(`${url}/api/v1/query`, { method: 'POST', body }));
    },
    async alerts() {
      return (await ask<{ alerts: ActiveAlert[] }>(`${url}/api/v1/alerts`)).alerts;
    },
    async rules() {
      const { groups } = await ask<{ groups: { rules: RuleStatus[] }[] }>(`${url}/api/v1/rules`);
      return groups.flatMap(({ rules }) => rules);
    },
    async targets() {
      type Target = { readonly health: string; readonly lastError: string };
      return (await ask<{ activeTargets: Target[] }>(`${url}/api/v1/targets`)).activeTargets;
    },
  };
}

type QueryData =
  | { readonly resultType: 'scalar' | 'string'; readonly result: [number, string] }
  | {
      readonly resultType: 'vector';
      readonly result: { metric: Record<string, string>; value: [number, string] }[];
    };

function samplesOf(data: QueryData): Sample[] {
  if (data.resultType !== 'vector') return [{ labels: {}, value: data.result[1] }];
  return data.result.map(({ metric, value }) => ({ labels: metric, value: value[1] }));
}

async function ask<Data>(url: string, init?: RequestInit): Promise<Data> {
  const response = await fetch(url, init);
  const answer = (await response.json()) as { status: string; data: Data; error?: string };
  if (answer.status !== 'success') throw new Error(answer.error);
  return answer.data;
}

/** What promtool said. */
export interface PromtoolResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs promtool in a folder, with some input if there is any. */
export async function promtool(
  words: readonly string[],
  { cwd, input = '' }: { readonly cwd?: string; readonly input?: string } = {},
): Promise<PromtoolResult> {
  const child = spawn('promtool', [...words], { cwd });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  child.stdin.on('error', () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(missingProgram('promtool', error)));
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** What `promtool check metrics` has against a page of metrics; empty if nothing. */
export async function complaintsAbout(page: string): Promise<string> {
  const { code, output } = await promtool(['check', 'metrics'], { input: page });
  return code === 0 ? output : `${output}(exit code ${code})`;
}
