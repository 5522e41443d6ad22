// How pm2 runs Chorus: `pm2 start ecosystem.config.cjs` in this folder. Every value is explained in docs/operations.md.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const PROGRAM = 'dist/src/cli/main.js';
/** A worker that is not ready after 10 minutes has failed, and then the server is settled too. */
const LISTEN_TIMEOUT_MS = 11 * 60_000;
/** Exit code of a stop that was asked for, so that pm2 knows it. */
const STOPPED = 80;
/** What the server may need after its drain, to end its child processes. */
const AFTER_DRAIN_MS = 10_000;
/** A longer timer of Node's fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Ends `pm2 start` with a message for a person: pm2 prints the stack of what is thrown here. */
function refuse(message) {
  const error = new Error(message);
  error.stack = `\n${message}\n`;
  throw error;
}

/** The drain time as the server itself will read it: environment, then .env, then chorus.yaml. */
function drainTimeoutMs() {
  if (!existsSync(join(__dirname, PROGRAM))) {
    refuse('Chorus is not built yet. Build it, then start it again:\n\n  npm ci && npm run build');
  }
  const { loadSettings } = require('./dist/src/config/load.js');
  try {
    return loadSettings({ cwd: __dirname }).drainTimeoutMs;
  } catch (error) {
    return refuse(error.message);
  }
}

module.exports = {
  apps: [
    {
      name: 'chorus',
      script: PROGRAM,
      args: `serve --stopped-exit-code ${STOPPED}`,
      // Where .env, chorus.yaml and the folders of the default settings are.
      cwd: __dirname,
      // Not cluster: Chorus has its own processes, and a second supervisor would load every model twice.
      exec_mode: 'fork',
      instances: 1,
      node_args: '--max-semi-space-size=4',
      // Online means: every worker is ready, or has said that it cannot be.
      wait_ready: true,
      listen_timeout: LISTEN_TIMEOUT_MS,
      // Time for the drain; pm2's own 1.6 s would cut every running answer.
      kill_timeout: Math.min(drainTimeoutMs() + AFTER_DRAIN_MS, MAX_TIMER_MS),
      kill_retry_time: 250,
      // The signal is for the supervisor alone: it ends its children when their work is done. A signal
      // to the whole tree would tear ffmpeg out of an upload that may still finish, and where there is
      // no `ps`, pm2 finds no tree and sends no signal at all.
      treekill: false,
      // It never gives up: a crash is followed by a start after 0.5 s, then 1.5 times longer up to 15 s.
      exp_backoff_restart_delay: 500,
      // STOPPED: it was asked to stop, and pm2 7.0 would start it again if it was loading. It cannot be 0:
      // pm2 takes a death by a signal (the kernel's out-of-memory killer) for a 0, and that is to be mended.
      // 75: it runs already. 78: the settings are wrong.
      stop_exit_codes: [STOPPED, 75, 78],
      // No max_memory_restart: it would take every GPU out of service for what one worker does.
      // None of pm2's modules inside the server, and no look at the Git repository.
      pmx: false,
      vizion: false,
      // The same process as `npm start`: mapped stacks would cost time for every error that is made.
      disable_source_map_support: true,
      // The server's own log file is rotated; these two hold what it printed, and are pm2's to empty.
      merge_logs: true,
    },
  ],
};
