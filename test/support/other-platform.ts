// Loaded before a program: makes it believe that it runs on a machine nobody builds drivers for.
Object.defineProperty(process, 'arch', { value: 'riscv64' });
