/** A JSON Schema of draft 2020-12, or a reference to one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A pointer to another part of the document. */
export interface Reference {
  readonly $ref: string;
}

/** A field of the path, the query or the headers. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

/** What is sent in one content type. */
export interface MediaType {
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

/** Media types by their names. */
export type Content = Readonly<Record<string, MediaType>>;

/** An answer. */
export interface OpenApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Content;
}

/** A body that is sent. */
export interface OpenApiRequestBody {
  readonly required: boolean;
  readonly description?: string;
  readonly content: Content;
}

/** A route and a method. */
export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: OpenApiRequestBody;
  readonly responses: Readonly<Record<string, OpenApiResponse | Reference>>;
}

/** A path where WebSockets are taken; an extension of ours. */
export interface WebSocketEntry {
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly security: OpenApiOperation['security'];
}

/** An OpenAPI 3.1 document, as far as ours goes. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: Readonly<Record<string, unknown>> & {
    readonly title: string;
    readonly version: string;
    readonly description: string;
  };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, OpenApiResponse>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
  readonly 'x-websockets': readonly WebSocketEntry[];
}
