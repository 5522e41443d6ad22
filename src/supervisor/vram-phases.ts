import type { GpuSnapshot } from '../protocol/gpus.js';
import type { SlotLog } from './life-cycle.js';
import { processBytesOn, usedBytesOn } from './snapshot-memory.js';

/** Whose GPU is looked at. */
export interface VramPhasesOptions {
  /** UUID of the GPU or of the slice. */
  readonly uuid: string;
  /** A logger that names the worker. */
  readonly log: SlotLog;
}

/** Moments in a process's life, milliseconds since 1970. */
interface Moments {
  readonly startedAtMs: number;
  readyAtMs?: number;
}

/**
 * What loading and unloading a worker does to its GPU's memory. Snapshots come once a second, a new
 * process often within milliseconds after the old one: what the new one has already is taken out of
 * the figures that are not about it.
 */
export class VramPhases {
  /** In use by all others when the process began; undefined while unknown. */
  beforeLoadBytes: number | undefined;
  /** In use once it had loaded. */
  afterLoadBytes: number | undefined;
  /** In use when the last process that had loaded was about to end. */
  beforeUnloadBytes: number | undefined;
  /** In use by all others when the last process had ended. */
  afterUnloadBytes: number | undefined;
  readonly #options: VramPhasesOptions;
  #process: Moments | undefined;
  /** The end of the last process, until a snapshot has shown the GPU without it. */
  #unload: { readonly atMs: number; readonly beforeBytes: number | undefined } | undefined;
  #leavingBytes: number | undefined;
  #endedAtMs = 0;
  #newest: { readonly beganAtMs: number; readonly usedBytes: number } | undefined;

  constructor(options: VramPhasesOptions) {
    this.#options = options;
  }

  /** A process is about to be started. */
  starting(): void {
    this.#process = { startedAtMs: Date.now() };
    const isRecent = this.#newest !== undefined && this.#newest.beganAtMs >= this.#endedAtMs;
    this.beforeLoadBytes = isRecent ? this.#newest?.usedBytes : undefined;
    this.afterLoadBytes = undefined;
  }

  /** It has loaded its models, or serves again after all. */
  ready(): void {
    this.#leavingBytes = undefined;
    if (this.#process) this.#process.readyAtMs ??= Date.now();
  }

  /** It serves no more and is about to end: from now on it may give memory back. */
  leaving(): void {
    this.#leavingBytes ??= this.#newest?.usedBytes;
  }

  /** It is dead. */
  ended(): void {
    this.#endedAtMs = Date.now();
    if (this.#process?.readyAtMs !== undefined) {
      const beforeBytes = this.#leavingBytes ?? this.#newest?.usedBytes;
      this.#unload = { atMs: this.#endedAtMs, beforeBytes };
    }
    this.#leavingBytes = undefined;
    this.#process = undefined;
    // Of the process that ended, even if it was taken in the millisecond of its end.
    this.#newest = undefined;
  }

  /** The GPU was looked at; `pid` is that of the process that lives now. */
  look(snapshot: GpuSnapshot, pid: number | undefined): void {
    const { uuid } = this.#options;
    const usedBytes = usedBytesOn(snapshot, uuid);
    if (usedBytes === undefined) return;
    const own = pid === undefined ? 0 : (processBytesOn(snapshot, uuid, pid) ?? 0);
    const beganAtMs = snapshot.atMs - snapshot.collectMs;
    this.#newest = { beganAtMs, usedBytes };
    this.#lookAtUnload(beganAtMs, usedBytes - own);
    this.#lookAtLoad(beganAtMs, { usedBytes, own });
  }

  #lookAtUnload(beganAtMs: number, othersBytes: number): void {
    if (!this.#unload || beganAtMs < this.#unload.atMs) return;
    const vramBeforeBytes = this.#unload.beforeBytes;
    this.#unload = undefined;
    this.beforeUnloadBytes = vramBeforeBytes;
    this.afterUnloadBytes = othersBytes;
    const fields = { vramBeforeBytes, vramAfterBytes: othersBytes };
    this.#options.log.info(fields, 'a worker is unloaded');
  }

  #lookAtLoad(
    beganAtMs: number,
    bytes: { readonly usedBytes: number; readonly own: number },
  ): void {
    const moments = this.#process;
    if (!moments || beganAtMs < moments.startedAtMs) return;
    if (moments.readyAtMs === undefined) {
      // At the server's start there is no earlier snapshot. The process has just begun.
      this.beforeLoadBytes ??= bytes.usedBytes - bytes.own;
      return;
    }
    if (this.afterLoadBytes !== undefined || beganAtMs < moments.readyAtMs) return;
    this.afterLoadBytes = bytes.usedBytes;
    const fields = { vramBeforeBytes: this.beforeLoadBytes, vramAfterBytes: bytes.usedBytes };
    this.#options.log.info(fields, 'a worker is loaded');
  }
}
