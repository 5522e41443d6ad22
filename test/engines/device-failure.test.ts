import { expect, it } from 'vitest';

import { deviceFailure } from '../../src/engines/device-failure.js';
import { ChorusError } from '../../src/protocol/errors.js';

/** As onnxruntime words it; the rest of the line names source file and expression. */
function failure(call: string): Error {
  return new Error(
    `Non-zero status code while running MatMul node. ${call}: words ; GPU=0 ; line=9`,
  );
}

it.each([
  'CUDA failure 700',
  'CUDA failure 716',
  'CUDA failure 719',
  'CUDA failure 710',
  'CUDA failure 214',
  'CUBLAS failure 13',
  'CUDNN failure 5000',
  'CUDNN failure 8',
])('knows that nothing can be computed after %s', (call) => {
  expect(deviceFailure(failure(call))).toMatchObject({ code: 'device_lost', retryable: true });
});

it('tells want of memory from a lost device', () => {
  expect(deviceFailure(failure('CUDA failure 2'))).toMatchObject({ code: 'out_of_memory' });
});

it.each([
  failure('CUDA failure 1'),
  failure('CUBLAS failure 3'),
  new Error('Got invalid dimensions for input 700'),
  new ChorusError('internal', 'CUDA failure 700'),
  'CUDA failure 700',
])('says nothing about other failures (%s)', (caught) => {
  expect(deviceFailure(caught)).toBeUndefined();
});
