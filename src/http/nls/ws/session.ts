import { ChorusError } from '../../../protocol/errors.js';
import type { AuthKeys } from '../../auth-keys.js';
import type { Connection } from '../../ws/connection.js';
import type { SocketHandlers } from '../../ws/family.js';
import { demandNls, type NlsCredentials } from '../credentials.js';
import { NLS_STATUS, nlsStatusOf } from '../status-codes.js';
import { newTaskId } from '../task-id.js';
import { IdleClock } from './idle-clock.js';
import { type ClientMessage, messageText, readMessage } from './envelope.js';
import {
  type Completion,
  type NlsNamespace,
  type NlsTask,
  outOfOrder,
  type TaskHost,
} from './task.js';

/** What a session is opened with. */
export interface NlsSessionOptions {
  readonly namespaces: readonly NlsNamespace[];
  readonly keys: AuthKeys;
  /** What the upgrade presented. */
  readonly credentials: NlsCredentials;
  readonly idleTimeoutMs: number;
}

/** A task and whose messages it takes. */
interface OpenTask {
  readonly namespace: string;
  readonly taskId: string;
  /** Absent while it starts. */
  task?: NlsTask;
}

/**
 * One connection of an NLS client: its tasks, one after the other. What a task throws is told with
 * `TaskFailed`, and ends the connection, as the protocol wants it.
 */
export class NlsSession implements SocketHandlers {
  readonly #connection: Connection;
  readonly #options: NlsSessionOptions;
  readonly #idle: IdleClock;
  /** Whom failures are told of: the last message's task, or one that never was. */
  #told = { namespace: 'Default', taskId: newTaskId() };
  #open: OpenTask | undefined;
  /** It ended before its client knew: what is on its way belongs to nobody. */
  #early: OpenTask | undefined;
  #hadTask = false;

  constructor(connection: Connection, options: NlsSessionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#idle = new IdleClock(options.idleTimeoutMs, () => this.#onIdle());
    void connection.closed.then(() => this.#end());
  }

  onText(text: string): void {
    this.#idle.active();
    this.#take(readMessage(text));
  }

  onBytes(bytes: Uint8Array): void {
    this.#idle.active();
    if (this.#early) return;
    if (!this.#open) throw outOfOrder('Binary data came before a task was started.');
    this.#open.task?.onBytes(bytes);
  }

  farewell(error: ChorusError): string {
    this.#stopTask();
    return messageText({
      ...this.#told,
      name: 'TaskFailed',
      status: nlsStatusOf(error),
      statusText: error.message,
    });
  }

  #take(message: ClientMessage): void {
    const { namespace, name, taskId, payload } = message;
    const open = this.#open;
    if (!open) {
      if (taskId === this.#early?.taskId && namespace === this.#early.namespace) return;
      this.#told = { namespace, taskId };
      return this.#start(message);
    }
    if (namespace !== open.namespace || taskId !== open.taskId) {
      throw outOfOrder(`The task ${open.taskId} of ${open.namespace} has not ended yet.`);
    }
    this.#demand(message);
    open.task?.onMessage(name, payload);
  }

  #start(message: ClientMessage): void {
    const { namespace, name, taskId, payload } = message;
    const kind = this.#options.namespaces.find((one) => one.namespace === namespace);
    if (!kind) throw outOfOrder(`There are no tasks of "${namespace}" here; ${this.#kinds()}.`);
    if (name !== kind.startName) {
      throw outOfOrder(`A task of ${namespace} begins with ${kind.startName}, not with ${name}.`);
    }
    this.#demand(message);
    this.#hadTask = true;
    this.#early = undefined;
    const open: OpenTask = { namespace, taskId };
    this.#open = open;
    open.task = kind.start(this.#hostOf(open), payload);
  }

  #kinds(): string {
    return `there are ${this.#options.namespaces.map((one) => one.namespace).join(', ')}`;
  }

  #demand({ appkey }: ClientMessage): void {
    const { keys, credentials } = this.#options;
    demandNls(keys, { ...credentials, appkey: appkey ?? credentials.appkey });
  }

  #hostOf(open: OpenTask): TaskHost {
    const { namespace, taskId } = open;
    const connection = this.#connection;
    const send = (name: string, payload: object = {}): void => {
      const said = { status: NLS_STATUS.success, statusText: 'Gateway:SUCCESS:Success.' };
      connection.send(messageText({ namespace, name, taskId, ...said, payload }));
    };
    return {
      connection,
      taskId,
      send,
      sendBytes: (bytes) => connection.send(bytes),
      complete: (name, payload, how) => {
        send(name, payload);
        this.#completed(open, how);
      },
      fail: (error) => connection.fail(error),
    };
  }

  #completed(open: OpenTask, { isEarly = false }: Completion = {}): void {
    if (this.#open === open) this.#open = undefined;
    if (isEarly) this.#early = open;
    this.#idle.active();
  }

  #onIdle(): void {
    if (this.#open?.task?.isBusy === true) return;
    // Whoever is done with his tasks has only not hung up.
    if (!this.#open && this.#hadTask) return this.#connection.close();
    const seconds = this.#options.idleTimeoutMs / 1000;
    const message = `Gateway:IDLE_TIMEOUT:Nothing came for ${seconds} s.`;
    this.#connection.fail(new ChorusError('idle_timeout', message));
  }

  #end(): void {
    this.#idle.stop();
    this.#stopTask();
  }

  #stopTask(): void {
    const open = this.#open;
    this.#open = undefined;
    open?.task?.stop();
  }
}
