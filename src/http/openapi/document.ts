import { CLAIM_HEADERS } from './claim-headers.js';
import type { OpenApiDocument, OpenApiResponse } from './document-types.js';
import { describeFailure, failureSchemas } from './failures.js';
import { drawOperation, failuresOf } from './draw-operation.js';
import { type Operation, type SocketOperation, TAGS } from './operation.js';
import { securityOf, SECURITY_SCHEMES } from './security.js';

const ABOUT =
  'A speech server for machines with several GPUs. Every route is described by the schema that its ' +
  'requests are checked with. Answers carry `X-Request-Id`.';

/** What a document is drawn from. */
export interface DocumentSources {
  readonly version: string;
  readonly operations: readonly Operation[];
  readonly sockets: readonly SocketOperation[];
  /** Address that clients reach the server at. */
  readonly url: string;
}

/** Draws the OpenAPI 3.1 document of the routes. */
export function openApiDocument(sources: DocumentSources): OpenApiDocument {
  const { version, operations, sockets, url } = sources;
  const used = new Set([...operations, ...sockets].map(({ tag }) => tag));
  return {
    openapi: '3.1.1',
    info: {
      title: 'Chorus',
      version,
      description: ABOUT,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url }],
    tags: Object.entries(TAGS)
      .map(([name, description]) => ({ name, description }))
      .filter(({ name }) => used.has(name as keyof typeof TAGS)),
    paths: pathsOf(operations),
    components: {
      schemas: failureSchemas(),
      responses: responsesOf(operations),
      parameters: CLAIM_HEADERS,
      securitySchemes: SECURITY_SCHEMES,
    },
    'x-websockets': sockets.map(({ guard, ...socket }) => ({
      ...socket,
      security: securityOf(guard),
    })),
  };
}

function pathsOf(operations: readonly Operation[]): OpenApiDocument['paths'] {
  const paths: Record<string, Record<string, ReturnType<typeof drawOperation>>> = {};
  for (const operation of operations) {
    const { path, method } = operation;
    (paths[path] ??= {})[method] = drawOperation(operation);
  }
  return paths;
}

/** The answers that operations refer to by name. */
function responsesOf(operations: readonly Operation[]): Readonly<Record<string, OpenApiResponse>> {
  const described = operations.flatMap((operation) =>
    failuresOf(operation).map((failure) => describeFailure(operation.path, failure)),
  );
  const named = described.filter(({ status }) => status !== 200);
  return Object.fromEntries(named.map(({ name, response }) => [name, response]));
}
