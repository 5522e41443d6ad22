import { curlExample } from './curl-example.js';
import type {
  Content,
  OpenApiDocument,
  OpenApiOperation,
  OpenApiResponse,
  Parameter,
  Reference,
} from './document-types.js';
import { escapeHtml, prose } from './html.js';
import { type FieldRow, rowsOf } from './schema-rows.js';
import { wordsOf } from './schema-words.js';

/** A route, and how its example is written. */
export interface ArticleSources {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
  readonly needsKey: boolean;
}

/** Draws one route. */
export function drawArticle(document: OpenApiDocument, sources: ArticleSources): string {
  const { method, path, operation, needsKey } = sources;
  const url = document.servers[0]?.url ?? '';
  const name = `<span class="method">${method.toUpperCase()}</span> ${escapeHtml(path)}`;
  const { summary, description } = operation;
  return [
    `<article id="${operation.operationId}"><h3><code>${name}</code></h3>`,
    `<p><strong>${prose(summary)}.</strong> ${prose(description ?? '')}</p>`,
    keysLine(operation),
    drawParameters(document, operation),
    drawBody(operation),
    drawAnswers(document, operation),
    `<h4>Example</h4><pre>${escapeHtml(curlExample(operation, { method, path, url, needsKey }))}</pre>`,
    '</article>',
  ].join('\n');
}

const KEY_WORDS: Readonly<Record<string, string>> = {
  bearer: '`Authorization: Bearer`',
  apiKey: '`api-key`',
  nlsToken: '`X-NLS-Token`',
  nlsTokenQuery: '`?token=`',
  appkey: '`?appkey=`',
  browser: 'the password of a browser’s prompt',
};

/** Says how a key is presented. */
export function keysLine({ security }: Pick<OpenApiOperation, 'security'>): string {
  if (security.length === 0) return '<p class="dim">Open: it asks for no key.</p>';
  const ways = security.flatMap((scheme) => Object.keys(scheme)).map((name) => KEY_WORDS[name]);
  return `<p class="dim">Where keys are set: ${prose(ways.join(', or '))}.</p>`;
}

function resolve<Part extends object>(
  part: Part | Reference,
  named: Readonly<Record<string, Part>>,
): Part {
  if (!('$ref' in part)) return part;
  return named[part.$ref.split('/').at(-1) ?? ''] as Part;
}

function drawParameters({ components }: OpenApiDocument, { parameters }: OpenApiOperation): string {
  const rows = (parameters ?? [])
    .map((one) => resolve<Parameter>(one, components.parameters))
    .map((one) => ({
      name: one.name,
      words: `${one.in}: ${wordsOf(one.schema)}`,
      isRequired: one.required === true,
      fallback:
        one.schema['default'] === undefined ? undefined : JSON.stringify(one.schema['default']),
      description: one.description ?? '',
    }));
  return rows.length === 0 ? '' : `<h4>Parameters</h4>${drawTable(rows)}`;
}

function drawBody({ requestBody }: OpenApiOperation): string {
  if (!requestBody) return '';
  const said = requestBody.description ? `<p>${prose(requestBody.description)}</p>` : '';
  return Object.entries(requestBody.content)
    .map(([type, { schema }]) => {
      const rows = rowsOf(schema);
      const fields = rows.length === 0 ? '' : drawTable(rows);
      return `<h4>Body: <code>${escapeHtml(type)}</code></h4>${said}${fields}`;
    })
    .join('\n');
}

function drawTable(rows: readonly FieldRow[]): string {
  const lines = rows.map(({ name, words, isRequired, fallback, description }) => {
    const must = isRequired ? ' <strong>required</strong>' : '';
    const other = fallback === undefined ? '' : `; <code>${escapeHtml(fallback)}</code> unless set`;
    return (
      `<tr><td><code>${escapeHtml(name)}</code>${must}</td>` +
      `<td>${prose(words)}${other}</td><td>${prose(description)}</td></tr>`
    );
  });
  return table(['field', 'is', 'means'], lines);
}

function table(columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((name) => `<th scope="col">${name}</th>`).join('');
  const body = `<thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody>`;
  return `<div class="scroll" tabindex="0"><table>${body}</table></div>`;
}

function drawAnswers({ components }: OpenApiDocument, { responses }: OpenApiOperation): string {
  const rows = Object.entries(responses).map(([status, one]) => {
    const { description, content = {} } = resolve<OpenApiResponse>(one, components.responses);
    const shown = status === 'default' ? 'other' : status;
    // Failures of a family look alike: its section shows one.
    const made = '$ref' in one ? '' : drawContent(content);
    return `<tr><td><code>${shown}</code></td><td>${prose(description)}${made}</td></tr>`;
  });
  return `<h4>Answers</h4>${table(['status', 'answer'], rows)}`;
}

function drawContent(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const said = typeof schema['description'] === 'string' ? `: ${schema['description']}` : '';
      const rows = type === 'application/json' ? fieldsOf(schema) : [];
      const name = `<br><code>${escapeHtml(type)}</code>${prose(said)}`;
      if (rows.length === 0) return name;
      return `${name}<details><summary>${rows.length} fields</summary>${drawTable(rows)}</details>`;
    })
    .join('\n');
}

/** The fields of all shapes that an answer may have, each once. */
function fieldsOf(schema: Content[string]['schema']): readonly FieldRow[] {
  const choices = (schema['anyOf'] ?? [schema]) as readonly (typeof schema)[];
  const rows = choices.flatMap((one) => rowsOf(one));
  return [...new Map(rows.toReversed().map((row) => [row.name, row])).values()].toReversed();
}
