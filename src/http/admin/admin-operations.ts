import { z } from 'zod';
import type { Operation } from '../openapi/operation.js';
import { reloadAnswer, restartAnswer } from './admin-answers.js';

const WHO = 'Needs one of `ADMIN_KEYS`; while there are none, only this machine may ask.';

/** Descriptions of what operators may do. */
export const ADMIN_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/admin/workers/{id}/restart',
    id: 'restartWorker',
    tag: 'Administration',
    summary: 'Replaces a worker when its work has ended, and lifts its quarantine',
    description: WHO,
    guard: 'operator',
    pathFields: z.object({ id: z.string().describe('As `/health` names it.') }),
    answers: [
      {
        status: 202,
        description: 'It has begun; `/health` tells how far it is.',
        content: { 'application/json': restartAnswer },
      },
    ],
  },
  {
    method: 'post',
    path: '/admin/reload',
    id: 'reload',
    tag: 'Administration',
    summary: 'Replaces all workers, one by one',
    description: WHO,
    guard: 'operator',
    answers: [
      {
        status: 202,
        description: 'It has begun, or is under way.',
        content: { 'application/json': reloadAnswer },
      },
    ],
  },
  {
    method: 'get',
    path: '/admin/reload',
    id: 'reloadStatus',
    tag: 'Administration',
    summary: 'Tells how far that is',
    description: WHO,
    guard: 'operator',
    answers: [{ description: 'How far.', content: { 'application/json': reloadAnswer } }],
  },
];
