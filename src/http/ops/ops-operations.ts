import { z } from 'zod';
import { EXPOSITION_TYPES } from '../../telemetry/metrics/exposition.js';
import type { Operation } from '../openapi/operation.js';
import { healthAnswer } from './health-answer.js';
import { systemMetricsAnswer } from './system-metrics-answer.js';

/** Body of `GET /live`. */
export const liveAnswer = z.object({ status: z.literal('alive') });

/** Body of `GET /ready`. */
export const readyAnswer = z.object({ status: z.enum(['ready', 'not_ready']) });

const [TEXT, OPEN_METRICS] = [EXPOSITION_TYPES.text, EXPOSITION_TYPES.openMetrics];

/** Descriptions of the probes and figures. */
export const OPS_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/live',
    id: 'live',
    tag: 'Operations',
    summary: 'Tells that the process lives',
    guard: 'open',
    answers: [{ description: 'It lives.', content: { 'application/json': liveAnswer } }],
  },
  {
    method: 'get',
    path: '/ready',
    id: 'ready',
    tag: 'Operations',
    summary: 'Tells whether every configured service can be used',
    guard: 'open',
    answers: [
      { description: 'All can.', content: { 'application/json': readyAnswer } },
      { status: 503, description: 'Some cannot.', content: { 'application/json': readyAnswer } },
    ],
  },
  {
    method: 'get',
    path: '/health',
    id: 'health',
    tag: 'Operations',
    summary: 'Shows state, workers, models and warnings',
    guard: 'open',
    answers: [
      { description: 'Always 200; see `status`.', content: { 'application/json': healthAnswer } },
    ],
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'metrics',
    tag: 'Operations',
    summary: 'Series for Prometheus',
    guard: 'open',
    answers: [
      {
        description: 'In the format that `Accept` prefers.',
        content: { [TEXT]: 'Text format', [OPEN_METRICS]: 'OpenMetrics' },
      },
    ],
  },
  {
    method: 'get',
    path: '/system/metrics',
    id: 'systemMetrics',
    tag: 'Operations',
    summary: 'Figures of the computer and its GPUs',
    guard: 'open',
    answers: [
      { description: 'The figures.', content: { 'application/json': systemMetricsAnswer } },
    ],
  },
];
