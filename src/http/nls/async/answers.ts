import type { Job, JobSentence } from '../../../jobs/job.js';
import { NLS_STATUS, nlsStatusOf } from '../status-codes.js';
import { ChorusError } from '../../../protocol/errors.js';
import { audioAddress } from './audio-address.js';

/** What an answer on a job says besides the job. */
export interface JobAnswerOptions {
  readonly requestId: string;
  /** What the address of the audio begins with. */
  readonly origin: string;
}

/** The answer to a new job. */
export function acceptedAnswer(taskId: string, requestId: string): object {
  const nothing = { audio_address: null, notify_custom: null, sentences: null };
  return { ...success('SUCCESS', requestId), data: { task_id: taskId, ...nothing } };
}

/** How a job stands; call-backs say it in the same words. */
export function jobAnswer(job: Job, { requestId, origin }: JobAnswerOptions): object {
  const isDone = job.state === 'done';
  return {
    ...headOf(job, requestId),
    data: {
      task_id: job.id,
      audio_address: isDone ? audioAddress(origin, job) : null,
      notify_custom: job.notifyUrl ?? null,
      sentences: isDone ? sentencesOf(job) : null,
    },
  };
}

function headOf({ state, outcome }: Job, requestId: string): object {
  if (state === 'done') return success('SUCCESS', requestId);
  if (!outcome?.error) return success('RUNNING', requestId);
  // The question was answered; only the job failed.
  const error = ChorusError.fromWire(outcome.error);
  const told = { error_code: nlsStatusOf(error), error_message: error.message };
  return { ...success('', requestId), ...told };
}

function success(message: string, requestId: string): object {
  return {
    status: 200,
    error_code: NLS_STATUS.success,
    error_message: message,
    request_id: requestId,
  };
}

function sentencesOf({ outcome }: Job): object[] | null {
  if (!outcome || outcome.error || !outcome.sentences) return null;
  return outcome.sentences.map(sentence);
}

function sentence({ text, start, end }: JobSentence): object {
  return { text, begin_time: milliseconds(start), end_time: milliseconds(end) };
}

function milliseconds(seconds: number): string {
  return String(Math.round(seconds * 1000));
}
