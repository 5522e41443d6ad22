import { ChorusError } from '../protocol/errors.js';

/** What was found when a worker had died. */
export interface Finding {
  /** Which process it was. */
  readonly incarnation: string;
  /** Whether it was computing for the call at that moment: the call may be what killed it. */
  readonly wasRunning: boolean;
}

/** The process at the other end of an exchange is gone: `replica_lost`, with what was found out. */
export class LostReplica extends ChorusError {
  readonly finding: Finding | undefined;

  constructor(message: string, options: ErrorOptions & { readonly finding?: Finding } = {}) {
    const { finding } = options;
    super('replica_lost', message, finding ? { wasRunning: finding.wasRunning } : {}, options);
    this.finding = finding;
  }

  /** The same loss, after the process's end was looked into. */
  foundDead(finding: Finding): LostReplica {
    return new LostReplica(this.message, { cause: this.cause, finding });
  }
}

/** A call that made its device fail, or hung until it was given up, as its worker says. */
export class HarmfulCall extends ChorusError {
  /** The process that it happened to. */
  readonly incarnation: string;

  constructor(told: ChorusError, incarnation: string) {
    super(told.code, told.message, told.details, { cause: told.cause });
    this.incarnation = incarnation;
  }
}
