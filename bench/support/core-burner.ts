import { Program } from './program.js';

/** Uses one core without a pause, as another program on the machine would, until it is stopped. */
export function burnCore(cpus: string | undefined): Program {
  const program = new Program({
    name: 'core burner',
    command: process.execPath,
    args: ['-e', 'for (;;);'],
    cpus,
  });
  program.stdout.resume();
  return program;
}
