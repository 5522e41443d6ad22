import { describe, expect, it } from 'vitest';

import { countNodes, placedNodes } from '../../../src/engines/onnx/placed-nodes.js';

/** An event of a node, in the form and the order in which onnxruntime 1.30 writes it. */
interface Event {
  readonly op: string;
  readonly index: number;
  readonly on?: 'CPU' | 'CUDA';
  readonly inputs?: number;
  readonly weights?: number;
  readonly outputs?: number;
  readonly name?: string;
}

function line({ op, index, on = 'CUDA', inputs = 8, weights = 0, outputs = 8, name }: Event) {
  const named = `${name ?? `/net/${op}_${index}`}_kernel_time`;
  return (
    `{"cat" : "Node","pid" :32626,"tid" :32626,"dur" :28,"ts" :37810,"ph" : "X","name" :"${named}",` +
    `"args" : {"input_type_shape" : [{"float":[1,192,32]}],"parameter_size" : "${weights}",` +
    `"mem_in_use_peak" : "2687028","provider" : "${on}ExecutionProvider",` +
    `"thread_scheduling_stats" : "","node_index" : "${index}","op_name" : "${op}",` +
    `"activation_size" : "${inputs}","output_size" : "${outputs}"}},`
  );
}

const SESSION =
  '{"cat" : "Session","pid" :1,"tid" :1,"dur" :5,"ts" :3,"ph" : "X","name" :"model_run","args" : {}}';

async function* profile(...events: readonly (Event | string)[]): AsyncGenerator<string> {
  yield '[';
  for (const event of events) yield typeof event === 'string' ? event : line(event);
  yield SESSION;
  yield ']';
}

async function count(...events: readonly (Event | string)[]) {
  return countNodes(await placedNodes(profile(...events)), { provider: 'cuda', device: 'cuda' });
}

const HEAVY = 65_537;

describe('placedNodes', () => {
  it('counts each node once, by the provider that ran it', async () => {
    const run: Event[] = [
      { op: 'Conv', index: 1, inputs: HEAVY },
      { op: 'LSTM', index: 2, on: 'CPU', weights: HEAVY },
      { op: 'Shape', index: 3, on: 'CPU' },
      { op: 'Conv', index: 4 },
    ];
    const placement = await count(...run, ...run, ...run);
    expect(placement).toEqual({
      provider: 'cuda',
      deviceShare: 0.5,
      nodes: { cuda: 2, cpu: 2 },
      heavyNodes: { cuda: 1, cpu: 1 },
      cpuOperators: [
        { operator: 'LSTM', count: 1, heavy: 1 },
        { operator: 'Shape', count: 1, heavy: 0 },
      ],
    });
  });

  it('takes a node for heavy by more than 64 KiB in any one run, weights and all', async () => {
    const at = (parts: Partial<Event>): Event => ({ op: 'Add', index: 1, on: 'CPU', ...parts });
    const exactly = at({ inputs: 65_520, weights: 8 });
    expect((await count(exactly)).heavyNodes).toEqual({});
    expect((await count(exactly, at({ inputs: 65_521, weights: 8 }), exactly)).heavyNodes).toEqual({
      cpu: 1,
    });
    expect((await count(at({ outputs: HEAVY }))).heavyNodes).toEqual({ cpu: 1 });
  });

  it('does not blame an operator for what it need not read', async () => {
    const shape: Event = { op: 'Shape', index: 1, on: 'CPU', inputs: 10_000_000 };
    const rows: Event = { op: 'Gather', index: 2, on: 'CPU', weights: 10_000_000 };
    expect((await count(shape, rows)).heavyNodes).toEqual({});
  });

  it('knows nodes of inner graphs, which are numbered from 0 again', async () => {
    const branch = (name: string): Event => ({ op: 'Add', index: 0, name });
    expect((await count(branch('then/Add'), branch('else/Add'))).nodes).toEqual({ cuda: 2 });
  });

  it('leaves out copies between devices, which are no nodes of the graph', async () => {
    const copies: Event[] = [
      { op: 'MemcpyToHost', index: 8, inputs: HEAVY },
      { op: 'MemcpyFromHost', index: 9, inputs: HEAVY },
    ];
    const { nodes, heavyNodes } = await count({ op: 'Conv', index: 1 }, ...copies);
    expect([nodes, heavyNodes]).toEqual([{ cuda: 1 }, {}]);
  });

  it('says nothing of a share where nothing ran', async () => {
    const placement = await count();
    expect(placement).toEqual({ provider: 'cuda', nodes: {}, heavyNodes: {}, cpuOperators: [] });
  });

  it('passes over lines that are cut off, broken, of other kinds or without sizes', async () => {
    const whole = line({ op: 'Conv', index: 1 });
    const placement = await count(
      whole.slice(0, 120),
      whole.replace('/net/Conv_1', 'a "name" \\ of its own'),
      whole.replace('"Node"', '"Kernel"'),
      whole.replace('_kernel_time', '_fence_before'),
      'null,',
      '',
      { op: 'Mul', index: 2 },
      line({ op: 'Exp', index: 3 }).replace('"activation_size" : "8"', '"activation_size" : "?"'),
    );
    expect(placement.nodes).toEqual({ cuda: 2 });
  });

  it('tells of the heavy operators first, and not of all in a graph of very many', async () => {
    const many = Array.from({ length: 40 }, (_, at) => ({ op: `Op${at}`, index: at }));
    const light: Event = { op: 'Mul', index: 100, on: 'CPU' };
    const placement = await count(
      light,
      { ...light, index: 101 },
      ...many.map((one): Event => ({ ...one, on: 'CPU' })),
      { op: 'LSTM', index: 200, on: 'CPU', weights: HEAVY },
    );
    expect(placement.cpuOperators.slice(0, 2).map(({ operator }) => operator)).toEqual([
      'LSTM',
      'Mul',
    ]);
    expect(placement.cpuOperators).toHaveLength(32);
  });
});
