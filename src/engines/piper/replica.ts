import { readCut } from '../../models/piper/cut-file.js';
import type { Replica, ReplicaLoad } from '../engine.js';
import type { PiperResult, PiperStep } from './steps.js';
import { readVoiceConfig } from './voice-config.js';
import { openWholeReplica } from './whole-replica.js';
import { openWindowReplica } from './window-replica.js';

/** Loads a Piper (VITS) voice, in windows if its graph was cut. */
export async function loadReplica(load: ReplicaLoad): Promise<Replica<PiperStep, PiperResult>> {
  const config = await readVoiceConfig(load.modelDir);
  const cut = await readCut(load.modelDir);
  if (cut?.streaming === 'windows') return openWindowReplica(load, cut, config);
  return openWholeReplica(load, config);
}
