import { z } from 'zod';
import type { Operation } from './operation.js';

/** Descriptions of the documentation's own routes. */
export const DOCS_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/docs',
    id: 'docs',
    tag: 'Documentation',
    summary: 'This page',
    guard: 'reader',
    answers: [{ description: 'The page.', content: { 'text/html': 'One page, no script.' } }],
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'openApi',
    tag: 'Documentation',
    summary: 'The OpenAPI 3.1 document',
    guard: 'reader',
    answers: [
      {
        description: 'The document.',
        content: { 'application/json': z.looseObject({ openapi: z.literal('3.1.1') }) },
      },
    ],
  },
];
