import { readFile, writeFile } from 'node:fs/promises';

import { z } from 'zod';

import { REQUEST_CLASSES } from '../../src/protocol/requests.js';

const lineSchema = z.strictObject({
  arrivalMs: z.number().min(0),
  serviceMs: z.number().positive(),
  cost: z.number().positive(),
  client: z.string().min(1).optional(),
  class: z.enum(REQUEST_CLASSES).optional(),
});

/** One request of a trace: when it comes, how long it takes alone, and how much work it says it is. */
export type TraceRequest = z.infer<typeof lineSchema>;

/**
 * Reads a trace: one JSON object a line, in the order of arrival.
 * @throws Error that names the file, the line and the field.
 */
export async function readTrace(file: string): Promise<TraceRequest[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const trace: TraceRequest[] = [];
  for (const [index, text] of lines.entries()) {
    if (text.trim() === '') continue;
    const request = parseLine(text, `${file}:${index + 1}`);
    if (request.arrivalMs < (trace.at(-1)?.arrivalMs ?? 0)) {
      throw new Error(`${file}:${index + 1}: arrivalMs: before that of the request above.`);
    }
    trace.push(request);
  }
  if (trace.length === 0) throw new Error(`${file}: no request in it.`);
  return trace;
}

/** Writes a trace as {@link readTrace} reads it. */
export async function writeTrace(file: string, trace: readonly TraceRequest[]): Promise<void> {
  await writeFile(file, trace.map((request) => `${JSON.stringify(request)}\n`).join(''));
}

/** Work that a trace brings, as a part of what so many replicas could do while it lasts. */
export function loadOf(trace: readonly TraceRequest[], replicas: number): number {
  const workMs = trace.reduce((total, { serviceMs }) => total + serviceMs, 0);
  const lastsMs = (trace.at(-1)?.arrivalMs ?? 0) - (trace[0]?.arrivalMs ?? 0);
  return workMs / (replicas * lastsMs);
}

function parseLine(text: string, place: string): TraceRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${place}: no JSON object.`);
  }
  const parsed = lineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new Error(`${place}: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'wrong'}`);
}
