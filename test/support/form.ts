import { type ClientRequest, request as httpRequest } from 'node:http';

/** Starts a form by hand, so that a test decides what comes after. */
export function openForm(
  url: string,
  { field = 'file', headers = {} }: { field?: string; headers?: Record<string, number> } = {},
): ClientRequest {
  const request = httpRequest(url, {
    method: 'POST',
    headers: { 'Content-Type': 'multipart/form-data; boundary=cut', ...headers },
  });
  request.on('error', () => undefined);
  const head = `Content-Disposition: form-data; name="${field}"; filename="a.wav"`;
  request.write(`--cut\r\n${head}\r\n\r\n`);
  return request;
}
