import { GPU_SERIES } from './gpu-series.js';
import { PLACEMENT_SERIES } from './placement-series.js';
import type { SeriesTable } from './series-row.js';
import { VRAM_SERIES } from './vram-series.js';

/** Steps of histograms, in seconds, each fit for what it measures. */
const BUCKETS = {
  request: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
  wait: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  firstSound: [0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10],
  ahead: [0, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
  gap: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  delay: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30],
  realTimeFactor: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5],
} as const;

/** What requests and streams count and take. */
const REQUEST_SERIES = {
  requests_total: {
    type: 'counter',
    labels: ['route', 'task', 'model', 'outcome'],
    help: 'Requests that have ended, by how they ended: ok, canceled or an error code.',
  },
  request_duration_seconds: {
    type: 'histogram',
    labels: ['route', 'task', 'model'],
    help: 'Time from the head of a request to the last byte of its answer.',
    buckets: BUCKETS.request,
  },
  ratelimit_rejections_total: {
    type: 'counter',
    labels: ['scope'],
    help: 'Requests refused for want of room: in the queue, of time to wait in it, for streams.',
  },
  retries_total: {
    type: 'counter',
    labels: ['task', 'reason'],
    help: 'Times that work went on at another place, by the error code that made it.',
  },
  characters_total: {
    type: 'counter',
    labels: ['model'],
    help: 'Characters of text that were given to workers to speak.',
  },
  audio_seconds_total: {
    type: 'counter',
    labels: ['direction', 'model'],
    help: 'Audio that workers were given to transcribe (in), and speech that went out.',
  },
  queue_seconds: {
    type: 'histogram',
    labels: ['task', 'model', 'class'],
    help: 'Time that work waited for a place at a worker, from asking to having it.',
    buckets: BUCKETS.wait,
  },
  inflight: {
    type: 'gauge',
    labels: ['worker', 'task', 'model'],
    help: 'Leases held now: requests that a worker works on.',
  },
  queued: {
    type: 'gauge',
    labels: ['task', 'model'],
    help: 'Requests that wait for a place now.',
  },
  streams_open: {
    type: 'gauge',
    labels: ['worker'],
    help: 'WebSocket streams that are placed on a worker now.',
  },
  ready_replicas: {
    type: 'gauge',
    labels: ['task'],
    help: 'Replicas that take requests now, of each configured service.',
  },
} as const satisfies SeriesTable;

/** How speech sounds to whoever waits for it. */
const SPEECH_SERIES = {
  tts_first_byte_seconds: {
    type: 'histogram',
    labels: ['model'],
    help: 'Time from the request to the first byte of encoded speech.',
    buckets: BUCKETS.firstSound,
  },
  tts_first_audio_seconds: {
    type: 'histogram',
    labels: ['model'],
    help: 'Time from the request to the first audible sample, if played as it comes.',
    buckets: BUCKETS.firstSound,
  },
  tts_chunk_gap_seconds: {
    type: 'histogram',
    labels: ['model'],
    help: 'Time that a reader who was ready waited for the next piece of speech.',
    buckets: BUCKETS.gap,
  },
  tts_buffer_ahead_seconds: {
    type: 'histogram',
    labels: ['model'],
    help: 'Speech that a listener had left to play when the next piece came; 0 is an underrun.',
    buckets: BUCKETS.ahead,
  },
  tts_underruns_total: {
    type: 'counter',
    labels: ['model'],
    help: 'Times that a listener who plays speech as it comes would have run dry.',
  },
  rtf: {
    type: 'histogram',
    labels: ['task', 'model'],
    help: 'Real-time factor of a finished request: computing time by audio time.',
    buckets: BUCKETS.realTimeFactor,
  },
  asr_partial_lag_seconds: {
    type: 'histogram',
    labels: ['model'],
    help: 'Age of the newest speech that a partial transcript covers, when it is sent.',
    buckets: BUCKETS.delay,
  },
  asr_final_delay_seconds: {
    type: 'histogram',
    labels: ['model'],
    help: 'Time from the last of the audio to the final transcript.',
    buckets: BUCKETS.delay,
  },
} as const satisfies SeriesTable;

/** How the processes behind the door do. */
const FLEET_SERIES = {
  worker_info: {
    type: 'gauge',
    labels: ['worker', 'device'],
    help: 'Always 1: the device of each worker, a GPU UUID or cpu.',
  },
  worker_state: {
    type: 'gauge',
    labels: ['worker', 'state'],
    help: '1 for the state of its life cycle that a worker is in, 0 for the others.',
  },
  replica_state: {
    type: 'gauge',
    labels: ['worker', 'task', 'model', 'state'],
    help: 'Replicas in each state: loading, ready, failed, down.',
  },
  replica_restarts_total: {
    type: 'counter',
    labels: ['worker', 'task', 'model', 'reason'],
    help: 'Replicas that were started again, one for each that the ended process held.',
  },
  replica_load_seconds: {
    type: 'gauge',
    labels: ['worker', 'task', 'model'],
    help: 'How long the last load of a model took.',
  },
  worker_resident_memory_bytes: {
    type: 'gauge',
    labels: ['worker'],
    help: 'Resident memory of each child process: workers, media, telemetry.',
  },
  ...VRAM_SERIES,
  worker_leak_suspicions_total: {
    type: 'counter',
    labels: ['worker', 'resource'],
    help: 'Times that the memory of an idle worker had a trend upwards: rss or vram.',
  },
  engine_steps_total: {
    type: 'counter',
    labels: ['worker', 'task', 'model'],
    help: 'Steps that engines have run.',
  },
  engine_step_seconds_total: {
    type: 'counter',
    labels: ['worker', 'task', 'model'],
    help: 'Time that engines have computed.',
  },
} as const satisfies SeriesTable;

/** The server itself. */
const SERVER_SERIES = {
  build_info: {
    type: 'gauge',
    labels: ['version'],
    help: 'Always 1: the version of the server.',
  },
  supervisor_eventloop_lag_seconds: {
    type: 'gauge',
    labels: ['stat'],
    help: "Lateness of the supervisor's event loop since the last scrape: p50, p99, max.",
  },
  collector_success: {
    type: 'gauge',
    labels: ['collector'],
    help: 'Whether this group of series could be collected: 1 or 0.',
  },
} as const satisfies SeriesTable;

/**
 * Every series of `/metrics`, without the prefix {@link SERIES_PREFIX}. `docs/operations.md` carries
 * the same table, and a test compares the two. No label ever comes from a user: a model is one that
 * is configured, a route is a pattern.
 */
export const SERIES = {
  ...REQUEST_SERIES,
  ...SPEECH_SERIES,
  ...FLEET_SERIES,
  ...PLACEMENT_SERIES,
  ...SERVER_SERIES,
  ...GPU_SERIES,
} as const satisfies SeriesTable;

/** What all names of {@link SERIES} begin with. */
export const SERIES_PREFIX = 'speech_';

/** Series of the process itself, under the names that every Prometheus client gives them. */
export const PROCESS_SERIES = {
  process_cpu_seconds_total: {
    type: 'counter',
    labels: [],
    help: 'Processor time of the supervisor, user and system.',
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    labels: [],
    help: 'Resident memory of the supervisor.',
  },
  process_open_fds: { type: 'gauge', labels: [], help: 'Open file descriptors of the supervisor.' },
  process_start_time_seconds: {
    type: 'gauge',
    labels: [],
    help: 'When the supervisor started, in seconds since 1970.',
  },
} as const satisfies SeriesTable;

/** Name of a series, without its prefix. */
export type SeriesName = keyof typeof SERIES;

/** The labels of a series, each with its value. */
export type LabelsOf<Row extends { readonly labels: readonly string[] }> = Readonly<
  Record<Row['labels'][number], string>
>;
