/** Settings that only the supervisor may know; a child process is started without them. */
const SECRETS = ['API_KEYS', 'ADMIN_KEYS', 'APPTOKEN', 'APPKEY', 'HF_TOKEN', 'NOTIFY_SECRET'];

/**
 * The environment of a child process: the server's own without its secrets, with additions.
 * @param additions Variables to set, for example `CUDA_VISIBLE_DEVICES`.
 */
export function childEnvironment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const environment = { ...process.env, ...additions };
  for (const name of SECRETS) delete environment[name];
  return environment;
}
