import type { z } from 'zod';
import { CLAIM_HEADERS } from './claim-headers.js';
import type {
  Content,
  JsonSchema,
  MediaType,
  OpenApiOperation,
  OpenApiRequestBody,
  OpenApiResponse,
  Reference,
} from './document-types.js';
import { describeFailure, type FailureCase } from './failures.js';
import { jsonSchemaOf, parametersOf, propertiesOf, requiredOf } from './json-schema.js';
import type { Answer, Operation, RequestBody } from './operation.js';
import { securityOf } from './security.js';

type Responses = Record<string, OpenApiResponse | Reference>;

const JSON_TYPE = 'application/json';

/** The failures that an operation's description has. */
export function failuresOf({ guard, works }: Operation): readonly FailureCase[] {
  return [
    ...(guard === 'open' ? [] : ['Unauthorized' as const]),
    ...(works ? (['Busy', 'Unavailable'] as const) : []),
    'Failure',
  ];
}

/** Draws a route as OpenAPI describes it. */
export function drawOperation(operation: Operation): OpenApiOperation {
  const { id, tag, summary, description, guard, body } = operation;
  const parameters = parametersIn(operation);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: securityOf(guard),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: bodyOf(body) }),
    responses: responsesIn(operation),
  };
}

function parametersIn({ pathFields, query, works }: Operation) {
  const headers = works ? Object.keys(CLAIM_HEADERS) : [];
  return [
    ...parametersOf(pathFields, 'path'),
    ...parametersOf(query, 'query'),
    ...headers.map((name) => ({ $ref: `#/components/parameters/${name}` })),
  ];
}

function bodyOf({ type, schema, file, description, example }: RequestBody): OpenApiRequestBody {
  const drawn: JsonSchema = schema ? jsonSchemaOf(schema) : { type: 'string', format: 'binary' };
  const media = { schema: file ? withFile(drawn, file) : drawn, ...(example && { example }) };
  return {
    required: schema !== undefined,
    ...(description !== undefined && { description }),
    content: { [type]: media },
  };
}

function withFile(
  drawn: JsonSchema,
  { name, description }: NonNullable<RequestBody['file']>,
): JsonSchema {
  const field = { type: 'string', format: 'binary', description };
  return {
    ...drawn,
    properties: { [name]: field, ...propertiesOf(drawn) },
    required: [name, ...requiredOf(drawn)],
  };
}

function responsesIn(operation: Operation): Responses {
  const responses: Responses = {};
  for (const answer of operation.answers) {
    responses[String(answer.status ?? 200)] = answerOf(answer);
  }
  for (const failure of failuresOf(operation)) {
    const { status, name, response } = describeFailure(operation.path, failure);
    const key = failure === 'Failure' && status !== 200 ? 'default' : String(status);
    if (status === 200) responses[key] = withFailure(responses[key], response);
    else responses[key] = { $ref: `#/components/responses/${name}` };
  }
  return responses;
}

function answerOf({ description, content }: Answer): OpenApiResponse {
  const drawn = Object.entries(content).map(([type, one]) => [type, mediaOf(type, one)]);
  return { description, content: Object.fromEntries(drawn) as Content };
}

function mediaOf(type: string, content: z.ZodType | string): MediaType {
  if (typeof content !== 'string') return { schema: jsonSchemaOf(content) };
  const format = type.startsWith('audio/') ? { format: 'binary' } : {};
  return { schema: { type: 'string', ...format, description: content } };
}

/** Families that answer 200 to everything tell a failure from a success by the body alone. */
function withFailure(
  response: OpenApiResponse | Reference | undefined,
  failure: OpenApiResponse,
): OpenApiResponse {
  const { content = {}, ...rest } = response as OpenApiResponse;
  const failed = failure.content?.[JSON_TYPE] as MediaType;
  const given = content[JSON_TYPE]?.schema;
  const choices = (given?.['anyOf'] as readonly JsonSchema[] | undefined) ?? [given ?? {}];
  const isThere = choices.some(({ $ref }) => $ref === failed.schema['$ref']);
  const both = isThere ? choices : [...choices, failed.schema];
  const schema = given ? { anyOf: both } : failed.schema;
  return { ...rest, content: { ...content, [JSON_TYPE]: { schema } } };
}
