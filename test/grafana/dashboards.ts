import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder with everything for Prometheus and Grafana. */
export const GRAFANA_DIR = resolve('grafana');

/** A query of a panel. */
export interface Target {
  readonly expr: string;
  readonly legendFormat: string;
  readonly refId: string;
  readonly datasource: { readonly uid: string };
}

/** A panel or a row. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly noValue?: string };
  };
}

/** A variable at the top of a dashboard. */
export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly multi: boolean;
  readonly includeAll: boolean;
  readonly allValue?: string;
  readonly refresh: number;
  readonly definition?: string;
  readonly query: unknown;
}

/** A dashboard as Grafana reads it. */
export interface Dashboard {
  readonly file: string;
  readonly text: string;
  readonly id: null;
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly editable: boolean;
  readonly schemaVersion: number;
  readonly tags: readonly string[];
  readonly links: readonly { readonly type: string; readonly tags: readonly string[] }[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { name: string; expr?: string }[] };
}

/** Reads all dashboards. */
export function readDashboards(): Dashboard[] {
  const folder = join(GRAFANA_DIR, 'dashboards');
  return readdirSync(folder).map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    return { ...JSON.parse(text), file, text } as Dashboard;
  });
}

/** A query with the words to find it again. */
export interface NamedQuery {
  readonly where: string;
  readonly expr: string;
  /** Labels that its legend shows. */
  readonly shownLabels: readonly string[];
}

/** Panels that show something, without rows. */
export function panelsOf({ panels }: Dashboard): Panel[] {
  return panels.filter(({ type }) => type !== 'row');
}

/** Every query of a dashboard: of its panels and of its annotations. */
export function queriesOf(dashboard: Dashboard): NamedQuery[] {
  const ofPanels = panelsOf(dashboard).flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat, refId }) => ({
      where: `${dashboard.file}: ${title}, ${refId}`,
      expr,
      shownLabels: [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
    })),
  );
  const ofAnnotations = dashboard.annotations.list.flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ where: `${dashboard.file}: ${name}`, expr, shownLabels: [] }],
  );
  return [...ofPanels, ...ofAnnotations];
}
