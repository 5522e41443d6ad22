import type { NvmlArgument, NvmlFunction, NvmlLibrary } from '../../src/telemetry/nvml/library.js';

const SUCCESS = 0;
const UNSUPPORTED = 3;

function memory(value: NvmlArgument | undefined): Buffer {
  if (!Buffer.isBuffer(value)) throw new TypeError('NVML wants memory there.');
  return value;
}

/**
 * A library inside the test's own process, for questions of when and how often: it knows GPUs by
 * their UUIDs, counts its calls, and answers with whatever code the test plants.
 */
export class ScriptedLibrary implements NvmlLibrary {
  /** Names of the functions in the order of their calls. */
  readonly calls: string[] = [];
  /** Codes that functions answer; `name#0` is the function asked of the first GPU. */
  readonly codes = new Map<string, number>();
  uuids: readonly string[];
  /** What happens in the meantime. */
  onCall: (name: string) => void = () => {};

  constructor(uuids: readonly string[]) {
    this.uuids = uuids;
  }

  /** How often a function was called. */
  count(name: string): number {
    return this.calls.filter((call) => call === name).length;
  }

  find(name: string): NvmlFunction | undefined {
    const answer = this.#answers[name];
    return answer && ((...values) => this.#call(name, answer, values));
  }

  #call(name: string, answer: NvmlFunction, values: NvmlArgument[]): number {
    this.calls.push(name);
    this.onCall(name);
    const [device] = values;
    const planted = this.codes.get(name) ?? this.codes.get(`${name}#${String(device)}`);
    return planted ?? answer(...values);
  }

  readonly #answers: Readonly<Record<string, NvmlFunction>> = {
    nvmlInit_v2: () => SUCCESS,
    nvmlShutdown: () => SUCCESS,
    nvmlDeviceGetCount_v2: (out) => {
      memory(out).writeUInt32LE(this.uuids.length);
      return SUCCESS;
    },
    // The handle is the index.
    nvmlDeviceGetHandleByIndex_v2: (index, out) => {
      memory(out).writeBigUInt64LE(BigInt(Number(index)));
      return SUCCESS;
    },
    nvmlDeviceGetUUID: (device, out) => {
      memory(out).write(`${this.uuids[Number(device)]}\0`);
      return SUCCESS;
    },
    nvmlDeviceGetPowerUsage: () => UNSUPPORTED,
    nvmlDeviceGetPcieThroughput: () => UNSUPPORTED,
  };
}
