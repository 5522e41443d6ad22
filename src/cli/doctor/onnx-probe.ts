import { env, listSupportedBackends } from 'onnxruntime-node';
import { computeOn } from '../../cuda/compute-probe.js';
import type { ProbeReport } from './onnx-report.js';

/*
 * The child process of the check of ONNX Runtime: loads the native library and adds two numbers on
 * the execution provider that its argument names. A crash of native code ends only this process.
 */

async function report(provider: string): Promise<ProbeReport> {
  const version = env.versions.node ?? 'of unknown version';
  const backends = listSupportedBackends().map(({ name, bundled }) =>
    bundled ? name : `${name} (not bundled)`,
  );
  try {
    await computeOn(provider);
    return { version, backends };
  } catch (caught) {
    const refusal = caught instanceof Error ? caught.message : String(caught);
    return { version, backends, refusal };
  }
}

process.stdout.write(`${JSON.stringify(await report(process.argv[2] ?? 'cpu'))}\n`);
