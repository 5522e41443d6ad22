import type { z } from 'zod';

/** Groups of routes, in the order in which they are shown. */
export const TAGS = {
  Speech: 'Speech: the OpenAI audio API.',
  Recognition: 'Recognition: the OpenAI audio API.',
  Models: 'Models and voices of the OpenAI audio API.',
  VoiceHub: 'The CosyVoice API that VoiceHub speaks.',
  NLS: 'The NLS protocol that FunSpeech and Alibaba speak.',
  Operations: 'Probes and figures: open, for load balancers and collectors.',
  Administration: 'What operators may do.',
  Documentation: 'This description; served where `DEBUG=true`.',
} as const;

/** One of {@link TAGS}. */
export type Tag = keyof typeof TAGS;

/**
 * Who may call a route: everybody, who has an API key, operators, who has a token or an appkey of
 * NLS, or who reads the documentation with a browser.
 */
export type Guard = 'open' | 'key' | 'operator' | 'nls' | 'reader';

/** What a request carries. */
export interface RequestBody {
  readonly type: 'application/json' | 'multipart/form-data' | 'application/octet-stream';
  /** The very schema that the door checks the fields with; absent for bare bytes. */
  readonly schema?: z.ZodType;
  /** The field of a form that holds a file, and what it may be. */
  readonly file?: { readonly name: string; readonly description: string };
  readonly description?: string;
  /** Fields that make a request which works. */
  readonly example?: Readonly<Record<string, unknown>>;
}

/** What an answer is made of, by its content type: JSON of a schema, or text or bytes in words. */
export type AnswerContent = Readonly<Record<string, z.ZodType | string>>;

/** An answer that is no failure. */
export interface Answer {
  /** 200 unless it says otherwise. */
  readonly status?: number;
  readonly description: string;
  readonly content: AnswerContent;
}

/** A route as it is described; every route that is served has one, which a test compares. */
export interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  /** In the grammar of OpenAPI, such as `/v1/models/{model}`. */
  readonly path: string;
  /** Name of the operation in generated clients. */
  readonly id: string;
  readonly tag: Tag;
  /** What it does, in a line. */
  readonly summary: string;
  readonly description?: string;
  readonly guard: Guard;
  /** A model works for it: it may be refused because there is no room, and takes our headers. */
  readonly works?: true;
  /** Schemas of objects whose fields stand in the path and in the query. */
  readonly pathFields?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: RequestBody;
  readonly answers: readonly Answer[];
}

/** A path where WebSockets are taken, which OpenAPI has no words for. */
export interface SocketOperation {
  /** In the grammar of OpenAPI. */
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  readonly guard: Guard;
}
