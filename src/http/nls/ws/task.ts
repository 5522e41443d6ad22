import { ChorusError } from '../../../protocol/errors.js';
import type { Connection } from '../../ws/connection.js';

/** What a task may do with its connection. */
export interface TaskHost {
  readonly connection: Connection;
  readonly taskId: string;
  /** Sends a message of the task's namespace, with status 20000000. */
  send(name: string, payload?: object): void;
  /** Sends audio; whoever sends much waits for the connection's `drained()`. */
  sendBytes(bytes: Uint8Array): void;
  /** Sends the task's last message: the connection is free for another task. */
  complete(name: string, payload?: object, how?: Completion): void;
  /** Sends `TaskFailed` and closes the connection. */
  fail(error: ChorusError): void;
}

/** How a task has ended. */
export interface Completion {
  /** The client has not asked for the end: what it still sends of the task is dropped. */
  readonly isEarly?: boolean;
}

/** One task of a client: from its Start message to its Completed one. Throwing fails the task. */
export interface NlsTask {
  /** A later message of the task. Names that do not fit the task's state throw `out_of_order`. */
  onMessage(name: string, payload: Readonly<Record<string, unknown>>): void;
  /** Speech; tasks that take none throw `out_of_order`. */
  onBytes(bytes: Uint8Array): void;
  /**
   * Whether the server still has to do what the client asked for: then a client that is silent is
   * waiting, and not idle.
   */
  readonly isBusy: boolean;
  /** The connection has ended, or the task has failed: frees everything at once. Idempotent. */
  stop(): void;
}

/** A kind of task. */
export interface NlsNamespace {
  /** As it stands in `header.namespace`. */
  readonly namespace: string;
  /** The message that starts a task. */
  readonly startName: string;
  /**
   * Starts a task.
   * @throws ChorusError for a payload that is not allowed.
   */
  start(host: TaskHost, payload: Readonly<Record<string, unknown>>): NlsTask;
}

/** What a message is refused with that came at the wrong moment. */
export function outOfOrder(message: string): ChorusError {
  return new ChorusError('out_of_order', message);
}
