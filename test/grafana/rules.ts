import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { GRAFANA_DIR } from './dashboards.js';

/** The rule file that is shipped. */
export const RULE_FILE = join(GRAFANA_DIR, 'alerts/chorus.rules.yml');

/** An alert as its rule describes it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<
    Record<'summary' | 'description' | 'runbook' | 'runbook_url', string>
  >;
}

/** Reads all alerts. */
export function readAlerts(): AlertRule[] {
  const { groups } = parse(readFileSync(RULE_FILE, 'utf8')) as {
    groups: { rules: AlertRule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}
