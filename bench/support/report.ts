/** One printed object; `bench` and `kind` tell what it is. */
export type Line = { readonly bench: string; readonly kind: string } & Readonly<
  Record<string, unknown>
>;

/** Prints a measurement as one JSON line on standard output. */
export function print(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Tells whoever watches what is going on; on standard error, so that stdout holds JSON alone. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
