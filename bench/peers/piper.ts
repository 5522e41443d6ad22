import { Program } from '../support/program.js';
import { freePort, untilReady } from '../support/ready.js';
import { ensurePythonPeer, peerEnvironment } from './python.js';

const REQUIREMENTS = ['piper-tts==1.8.0', 'flask'];

/** How the reference server of Piper is started. */
export interface PiperPeerOptions {
  /** Interpreter to use instead of an environment of our own. */
  readonly python: string | undefined;
  /** The voice, `….onnx`, with its `….onnx.json` beside it. */
  readonly voice: string;
  readonly threads: number;
  readonly cpus: string | undefined;
}

/** The running reference server. */
export interface PiperPeer {
  /** Takes `{"text": …}` by POST and answers a WAV file. */
  readonly speechUrl: string;
  readonly pid: number;
  readonly versions: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts `python -m piper.http_server` on a free port and waits until it answers. */
export async function startPiperPeer(options: PiperPeerOptions): Promise<PiperPeer> {
  const { python, versions } = await ensurePythonPeer(REQUIREMENTS, options.python);
  const port = await freePort();
  const program = new Program({
    name: 'piper.http_server',
    command: python,
    args: `-m piper.http_server --host 127.0.0.1 --port ${port} --model`
      .split(' ')
      .concat(options.voice),
    env: peerEnvironment(options.threads),
    cpus: options.cpus,
  });
  program.stdout.resume();
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(program, `${url}/info`);
  } catch (caught) {
    await program.stop();
    throw caught;
  }
  return {
    speechUrl: `${url}/synthesize`,
    pid: program.pid,
    versions,
    stop: () => program.stop(),
  };
}
