import type { Check } from './check.js';
import { checkCudaLibraries } from './cuda.js';
import { checkFfmpeg } from './ffmpeg.js';
import { checkDataFolder, checkLogFolder, checkModelsFolder } from './folders.js';
import { checkGpus } from './gpus.js';
import { checkKeys } from './keys.js';
import { checkMemory } from './memory.js';
import { checkModels } from './models.js';
import { checkNodeVersion } from './node-version.js';
import { checkOnnxRuntime } from './onnx-runtime.js';
import { checkOpenFiles } from './open-files.js';
import { checkPackageClients } from './package-clients.js';
import { checkPort } from './port.js';
import { checkSetpriv } from './setpriv.js';
import { checkSettingSources } from './setting-sources.js';
import { checkTempFolder } from './temp-folder.js';
import { checkWorkers } from './workers.js';

/** `nvidia-smi` is given ten seconds; who waits for it must not give up at the same moment. */
const WITH_GPUS_MS = 15_000;
/** Hashing some gigabytes from a slow disk. */
const WITH_WEIGHTS_MS = 300_000;
/** The first use of a GPU may compile for it. */
const WITH_CUDA_MS = 60_000;

/** All checks, in the order in which they are printed. */
export const CHECKS: readonly Check[] = [
  { id: 'node', title: 'Node.js', run: checkNodeVersion },
  { id: 'settings', title: 'Settings', run: checkSettingSources },
  { id: 'gpus', title: 'GPUs', run: checkGpus, timeoutMs: WITH_GPUS_MS },
  { id: 'workers', title: 'Workers', run: checkWorkers, timeoutMs: WITH_GPUS_MS },
  { id: 'models', title: 'Models', run: checkModels, timeoutMs: WITH_WEIGHTS_MS },
  { id: 'cuda', title: 'CUDA', run: checkCudaLibraries, timeoutMs: WITH_GPUS_MS },
  { id: 'onnxruntime', title: 'ONNX Runtime', run: checkOnnxRuntime, timeoutMs: WITH_CUDA_MS },
  { id: 'setpriv', title: 'setpriv', run: checkSetpriv },
  { id: 'ffmpeg', title: 'ffmpeg', run: checkFfmpeg },
  { id: 'package-clients', title: 'pip and npm', run: checkPackageClients, timeoutMs: 30_000 },
  { id: 'open-files', title: 'Open files', run: checkOpenFiles },
  { id: 'memory', title: 'Memory', run: checkMemory },
  { id: 'data-folder', title: 'DATA_DIR', run: checkDataFolder },
  { id: 'models-folder', title: 'MODELS_DIR', run: checkModelsFolder },
  { id: 'log-folder', title: 'LOG_FILE', run: checkLogFolder },
  { id: 'temp-folder', title: 'Temporary files', run: checkTempFolder },
  { id: 'port', title: 'Port', run: checkPort },
  { id: 'keys', title: 'Keys', run: checkKeys },
];
