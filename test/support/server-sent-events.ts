/** An event of a spoken answer. */
export interface SentEvent extends Readonly<Record<string, unknown>> {
  readonly type: string;
  readonly audio?: string;
  readonly error?: Readonly<Record<string, unknown>>;
}

/**
 * Reads an answer as server-sent events to its end.
 * @param onEvent Told of each as it comes, also of those before a failure.
 */
export async function eventsOf(
  response: Response,
  onEvent: (event: SentEvent) => void = () => {},
): Promise<SentEvent[]> {
  const events: SentEvent[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      if (!block.startsWith('data: ')) throw new Error(`This is no event: ${block.slice(0, 80)}`);
      const event = JSON.parse(block.slice('data: '.length)) as SentEvent;
      onEvent(event);
      events.push(event);
    }
  }
  if (text !== '') throw new Error('The last event is cut off.');
  return events;
}
