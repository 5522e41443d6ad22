import type { OpenApiDocument, OpenApiOperation, WebSocketEntry } from './document-types.js';
import { escapeHtml, prose } from './html.js';
import { drawArticle, keysLine } from './page-article.js';
import { PAGE_STYLE } from './page-style.js';

/** What the page knows beside the document. */
export interface PageOptions {
  /** Whether the server asks for keys: then examples present one. */
  readonly needsKey: boolean;
}

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

/** Draws the document as a page that needs no script, no network and no eyes. */
export function docsPage(document: OpenApiDocument, options: PageOptions): string {
  const { info, tags, servers } = document;
  const json = escapeHtml(`${servers[0]?.url ?? ''}/openapi.json`);
  const sections = tags.map(({ name, description }) => {
    const entries = entriesOf(document, name);
    const sockets = document['x-websockets'].filter(({ tag }) => tag === name);
    const articles = entries.map((entry) => drawArticle(document, { ...entry, ...options }));
    return [
      `<section aria-labelledby="tag-${name}"><h2 id="tag-${name}">${escapeHtml(name)}</h2>`,
      `<p>${prose(description)}</p>`,
      drawFailure(document, entries),
      ...articles,
      ...sockets.map(drawSocket),
      '</section>',
    ].join('\n');
  });
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(info.title)}: its routes</title><style>${PAGE_STYLE}</style></head><body>`,
    `<header><h1>${escapeHtml(info.title)} <small>${escapeHtml(info.version)}</small></h1>`,
    `<p>${prose(info.description)} <a href="${json}">The same as OpenAPI 3.1</a>.</p></header>`,
    `<nav aria-label="Routes">${tags.map(({ name }) => drawIndex(document, name)).join('\n')}</nav>`,
    `<main>${sections.join('\n')}</main></body></html>`,
  ].join('\n');
}

function entriesOf({ paths }: OpenApiDocument, tag: string): readonly Entry[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags.includes(tag))
      .map(([method, operation]) => ({ method, path, operation })),
  );
}

/** What a failure of a family looks like. */
function drawFailure({ components }: OpenApiDocument, entries: readonly Entry[]): string {
  const references = entries.flatMap(({ operation }) => Object.values(operation.responses));
  const [first] = references.flatMap((one) => ('$ref' in one ? [one.$ref] : []));
  const response = components.responses[first?.split('/').at(-1) ?? ''];
  const example = response?.content?.['application/json']?.example;
  if (example === undefined) return '';
  return `<p>A failure looks like this:</p><pre>${escapeHtml(JSON.stringify(example))}</pre>`;
}

function drawIndex(document: OpenApiDocument, tag: string): string {
  const routes = entriesOf(document, tag).map(({ method, path, operation }) => {
    const name = `<span class="method">${method.toUpperCase()}</span> ${escapeHtml(path)}`;
    return `<li><a href="#${operation.operationId}"><code>${name}</code></a></li>`;
  });
  const sockets = document['x-websockets']
    .filter((socket) => socket.tag === tag)
    .map(({ path }) => {
      const name = `<span class="method">WS</span> ${escapeHtml(path)}`;
      return `<li><a href="#${socketId(path)}"><code>${name}</code></a></li>`;
    });
  const title = `<a href="#tag-${tag}">${escapeHtml(tag)}</a>`;
  return `<strong>${title}</strong><ul>${[...routes, ...sockets].join('')}</ul>`;
}

function socketId(path: string): string {
  return `ws${path.replaceAll(/\W+/g, '-')}`;
}

function drawSocket(socket: WebSocketEntry): string {
  const { path, summary, description } = socket;
  return [
    `<article id="${socketId(path)}">`,
    `<h3><code><span class="method">WebSocket</span> ${escapeHtml(path)}</code></h3>`,
    `<p><strong>${prose(summary)}.</strong> ${prose(description)}</p>`,
    keysLine(socket),
    '</article>',
  ].join('\n');
}
