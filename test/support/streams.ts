/** Reads an answer chunk by chunk. */
export function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (response.body === null) throw new Error('the answer has no body');
  return response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
}

/** The text of a chunk. */
export function textOf({ value }: { value?: Uint8Array | undefined }): string {
  return Buffer.from(value ?? []).toString();
}

/** Something that the test opens and a scripted worker waits for. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
