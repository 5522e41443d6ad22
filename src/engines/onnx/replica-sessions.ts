import type { InferenceSession } from 'onnxruntime-node';

import { type Placement, unmeasured } from '../../protocol/placement.js';
import type { Replica, ReplicaLoad } from '../engine.js';
import { countNodes } from './placed-nodes.js';
import { type OpenedSession, openSession, type OpenSessionOptions } from './session.js';

/** Where a replica's sessions are opened. */
export interface SessionPlace extends Pick<ReplicaLoad, 'threads' | 'target' | 'isProfiled'> {
  /** A session that cannot be opened on the target fails, for the replica has other graphs then. */
  readonly staysOnTarget?: boolean;
  /** Why the target is not the one asked for, if it is not; it is the CPU then. */
  readonly degradedReason?: string;
}

/** A graph of a replica. */
export type ReplicaGraph = Omit<
  OpenSessionOptions,
  'threads' | 'target' | 'isProfiled' | 'staysOnTarget'
>;

/** What of a replica follows from its sessions. */
export type HeldSessions = Required<Pick<Replica, 'provider' | 'warmed' | 'close'>> &
  Pick<Replica, 'degradedReason'>;

interface Closable {
  close(): Promise<void>;
}

/** Owns the sessions of a replica that run on its target, and knows where they do. */
export class ReplicaSessions {
  readonly #place: SessionPlace;
  readonly #opened: OpenedSession[] = [];
  readonly #kept: Closable[] = [];

  /**
   * Opens what a replica needs.
   * @throws What `open` throws, once all sessions that it opened are released.
   */
  static async open<Opened>(
    place: SessionPlace,
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

  private constructor(place: SessionPlace) {
    this.#place = place;
  }

  /** Opens one more session, see {@link openSession}. */
  async add(graph: ReplicaGraph): Promise<InferenceSession> {
    const { threads, target, staysOnTarget = false } = this.#place;
    const isProfiled = this.#isProfiled;
    const opened = await openSession({ ...graph, threads, target, isProfiled, staysOnTarget });
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
    const degradedReason = this.#degradedReason;
    return {
      provider: this.#provider,
      ...(degradedReason !== undefined && { degradedReason }),
      warmed: () => this.#warmed(),
      close: () => this.#close(),
    };
  }

  get #isProfiled(): boolean {
    const { target, isProfiled, degradedReason } = this.#place;
    return isProfiled ?? (target.kind === 'cuda' || degradedReason !== undefined);
  }

  /** One graph on the CPU is enough for a replica that is not where it should be. */
  get #provider(): string {
    return this.#opened.some(({ provider }) => provider === 'cpu') ? 'cpu' : this.#device;
  }

  get #device(): string {
    const { target, degradedReason } = this.#place;
    return degradedReason === undefined ? target.kind : 'cuda';
  }

  get #degradedReason(): string | undefined {
    const ofSessions = this.#opened.flatMap((one) => one.degradedReason ?? []);
    return this.#place.degradedReason ?? ofSessions[0];
  }

  async #warmed(): Promise<Placement> {
    const profiles = this.#opened.flatMap(({ profile }) => profile ?? []);
    const provider = this.#provider;
    try {
      const nodes = await Promise.all(profiles.map((profile) => profile.read()));
      return countNodes(nodes.flat(), { provider, device: this.#device });
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
