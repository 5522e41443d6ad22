import type { SayAs } from '../script.js';
export function sayAs(text: string, as: SayAs): string | undefined {
  return as.interpretAs === '' ? text : undefined;
}
