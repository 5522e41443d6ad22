import type { InferenceSession } from 'onnxruntime-node';

import { ChorusError } from '../../protocol/errors.js';
import { type Placement, unmeasured } from '../../protocol/placement.js';
import type { Precision } from '../../protocol/precision.js';
import type { ComputeTarget, Replica, ReplicaLoad } from '../engine.js';
import { countNodes } from './placed-nodes.js';
import { type OpenedSession, openSession, type OpenSessionOptions, wordsOf } from './session.js';

/** What to do about a GPU that does not compute. */
export const GPU_ADVICE =
  'REQUIRE_GPU=true forbids the CPU: `chorus setup cuda --check` and `chorus doctor` say what the ' +
  'GPU lacks.';

/** Where a replica's sessions are to be opened, and in which of the model's variants. */
export type SessionPlace = Pick<
  ReplicaLoad,
  'threads' | 'target' | 'isProfiled' | 'precision' | 'cpuPrecision'
>;

/** Where sessions are opened in the end. */
interface Place extends Pick<ReplicaLoad, 'threads' | 'target' | 'isProfiled' | 'precision'> {
  /** Why the target is not the one asked for, if it is not; it is the CPU then. */
  readonly degradedReason?: string;
}

/** A graph of a replica. */
export type ReplicaGraph = Omit<OpenSessionOptions, 'threads' | 'target' | 'isProfiled'>;

/** What of a replica follows from its sessions. */
export type HeldSessions = Required<Pick<Replica, 'provider' | 'warmed' | 'close'>> &
  Pick<Replica, 'degradedReason' | 'precision'>;

interface Closable {
  close(): Promise<void>;
}

/** Owns the sessions of a replica that run on its target, and knows where they do. */
export class ReplicaSessions {
  readonly #place: Place;
  readonly #opened: OpenedSession[] = [];
  readonly #kept: Closable[] = [];

  /**
   * Opens what a replica needs on its device, or on the CPU where CUDA cannot be had, unless it must
   * be: all of it, and then in the CPU's own variant, because what suits a GPU is slow there.
   * @param open Opens all graphs; called again for the CPU if it throws on a GPU.
   * @throws What `open` throws, once all sessions that it opened are released.
   */
  static async open<Opened>(
    { cpuPrecision, ...place }: SessionPlace,
    open: (sessions: ReplicaSessions) => Promise<Opened>,
  ): Promise<Opened> {
    const { target, precision } = place;
    if (target.kind === 'cpu') return ReplicaSessions.#openAt(place, open);
    try {
      return await ReplicaSessions.#openAt(place, open);
    } catch (caught) {
      if (target.required) throw refusal(caught);
      const onCpu = { target: { kind: 'cpu' }, precision: cpuPrecision ?? precision } as const;
      return ReplicaSessions.#openAt({ ...place, ...onCpu, degradedReason: wordsOf(caught) }, open);
    }
  }

  /** Opens a replica that has one session, see {@link ReplicaSessions.add}. */
  static openOne(
    place: SessionPlace,
    graph: ReplicaGraph,
  ): Promise<readonly [InferenceSession, HeldSessions]> {
    return ReplicaSessions.open(place, async (sessions) => {
      const session = await sessions.add(graph);
      return [session, sessions.held()];
    });
  }

  static async #openAt<Opened>(
    place: Place,
    open: (sessions: ReplicaSessions) => Promise<Opened>,
  ): Promise<Opened> {
    const sessions = new ReplicaSessions(place);
    try {
      return await open(sessions);
    } catch (caught) {
      await sessions.#close();
      throw caught;
    }
  }

  private constructor(place: Place) {
    this.#place = place;
  }

  /** Where they are opened now. */
  get device(): ComputeTarget['kind'] {
    return this.#place.target.kind;
  }

  /** The variant to open; undefined if the model is said to have none. */
  get precision(): Precision | undefined {
    return this.#place.precision;
  }

  /** Opens one more session, see {@link openSession}. */
  async add(graph: ReplicaGraph): Promise<InferenceSession> {
    const { threads, target } = this.#place;
    const isProfiled = this.#isProfiled;
    const opened = await openSession({ ...graph, threads, target, isProfiled });
    this.#opened.push(opened);
    return opened.session;
  }

  /** Takes over what the replica has beside its sessions and closes it with them. */
  keep<Kept extends Closable>(kept: Kept): Kept {
    this.#kept.push(kept);
    return kept;
  }

  /** The replica's part that is the same in every engine; ask once all sessions are open. */
  held(): HeldSessions {
    const { degradedReason, precision } = this.#place;
    return {
      provider: this.device,
      ...(precision && { precision }),
      ...(degradedReason !== undefined && { degradedReason }),
      warmed: () => this.#warmed(),
      close: () => this.#close(),
    };
  }

  get #isProfiled(): boolean {
    const { target, isProfiled, degradedReason } = this.#place;
    return isProfiled ?? (target.kind === 'cuda' || degradedReason !== undefined);
  }

  /** Where they should have been opened. */
  get #wanted(): ComputeTarget['kind'] {
    return this.#place.degradedReason === undefined ? this.device : 'cuda';
  }

  async #warmed(): Promise<Placement> {
    const profiles = this.#opened.flatMap(({ profile }) => profile ?? []);
    const provider = this.device;
    try {
      const nodes = await Promise.all(profiles.map((profile) => profile.read()));
      return countNodes(nodes.flat(), { provider, device: this.#wanted });
    } catch {
      // A profile is a report: a replica whose profile cannot be read computes as well.
      return unmeasured(provider);
    }
  }

  async #close(): Promise<void> {
    for (const { session, profile } of this.#opened.splice(0)) {
      await session.release();
      await profile?.close();
    }
    for (const kept of this.#kept.splice(0)) await kept.close();
  }
}

/** REQUIRE_GPU forbids what would be done otherwise; whoever reads that must know what to do instead. */
function refusal(caught: unknown): ChorusError {
  return new ChorusError('model_failed', `${wordsOf(caught)} ${GPU_ADVICE}`, {}, { cause: caught });
}
