import { expect, it } from 'vitest';

import { deviceFailure, loadFailure } from '../../src/engines/device-failure.js';
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

it.each([
  failure('CUDA failure 2'),
  failure('CUBLAS failure 3'),
  failure('Failed to allocate memory for requested buffer of size 8388608'),
])('tells want of memory from a lost device (%s)', (caught) => {
  expect(deviceFailure(caught)).toMatchObject({ code: 'out_of_memory' });
  expect(loadFailure(caught)).toMatchObject({ code: 'out_of_memory', message: caught.message });
});

it.each([
  ['model_failed', failure('CUDA failure 700')],
  ['model_failed', new Error('the weights are broken')],
  ['wrong_task', new ChorusError('wrong_task', 'It cannot speak.')],
])('calls a failure to load %s otherwise', (code, caught) => {
  expect(loadFailure(caught)).toMatchObject({ code, message: caught.message });
});

it.each([
  failure('CUDA failure 1'),
  failure('CUBLAS failure 4'),
  new Error('Got invalid dimensions for input 700'),
  new ChorusError('internal', 'CUDA failure 700'),
  'CUDA failure 700',
])('says nothing about other failures (%s)', (caught) => {
  expect(deviceFailure(caught)).toBeUndefined();
});
