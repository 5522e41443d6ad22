import { parser } from '@prometheus-io/lezer-promql';

/** What stands in for Grafana's variables, so that a panel's query can be parsed and asked. */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  __rate_interval: '10s',
  __range: '1h',
  job: '.+',
  instance: '.+',
  gpu: '.+',
  worker: '.+',
  model: '.+',
};

/** Puts values where a query has variables; an unknown variable stays and is a syntax error. */
export function withValues(query: string): string {
  return query.replace(/\$(\w+)/g, (variable, name: string) => SUBSTITUTES[name] ?? variable);
}

/** Variables of Grafana that a query uses, without those that Grafana itself has. */
export function variablesOf(query: string): string[] {
  return [...query.matchAll(/\$(\w+)/g)]
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('__'));
}

/** A series that a query selects. */
export interface Selector {
  readonly name: string;
  /** As written, such as `{gpu=~"$gpu"}`; empty if there are none. */
  readonly matchers: string;
}

/** A function with the time that it looks at, such as `rate` over `5m`. */
export interface RangedCall {
  readonly function: string;
  readonly metric: string;
  readonly range: string;
}

/** What a query consists of. */
export interface ParsedQuery {
  readonly isWellFormed: boolean;
  readonly selectors: readonly Selector[];
  readonly rangedCalls: readonly RangedCall[];
}

/** Takes a query without variables apart; see {@link withValues}. */
export function parseQuery(query: string): ParsedQuery {
  const selectors: Selector[] = [];
  const rangedCalls: RangedCall[] = [];
  let isWellFormed = true;
  let called = '';
  let metric = '';
  parser.parse(query).iterate({
    enter({ name, type, from, to }) {
      const text = query.slice(from, to);
      if (type.isError) isWellFormed = false;
      if (name === 'FunctionIdentifier') called = text;
      if (name === 'VectorSelector') {
        metric = /^[\w:]*/.exec(text)?.[0] ?? '';
        selectors.push({ name: metric, matchers: text.slice(metric.length) });
      }
    },
    leave({ name, from, to }) {
      if (name !== 'MatrixSelector') return;
      const range = /\[([^\]]*)\]$/.exec(query.slice(from, to))?.[1] ?? '';
      rangedCalls.push({ function: called, metric, range });
    },
  });
  return { isWellFormed, selectors, rangedCalls };
}
