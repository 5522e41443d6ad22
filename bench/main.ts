import { Command } from 'commander';

import { withAsr } from './asr.js';
import { withChinese } from './chinese.js';
import { withDoor } from './door.js';
import { withGpu } from './gpu/command.js';
import { withListeners } from './listeners.js';
import { withLive } from './live.js';
import { withMarks } from './marks.js';
import { benchMemory } from './memory.js';
import { OVERHEAD_PARTS, benchOverhead } from './overhead.js';
import {
  aboveZero,
  atLeastOne,
  counts,
  oneOf,
  someOf,
  withPeer,
  withPlaces,
} from './support/options.js';
import { withNls } from './nls.js';
import { withPhonemes } from './phonemes/phonemes.js';
import { endProgramsAtExit } from './support/program.js';
import { note } from './support/report.js';
import { ROUTER_PARTS, benchRouter } from './router.js';
import { loads } from './router/options.js';
import { INSIDES } from './router/replica.js';
import { benchSoak } from './soak.js';
import { withSpeechMemory } from './speech-memory.js';
import { benchStreams } from './streams.js';
import { LEAKS } from './soak/leaks.js';
import { SUPERVISION_PARTS, benchSupervision } from './supervision.js';
import { withCollector } from './telemetry/collector.js';
import { withMetrics } from './telemetry/metrics.js';
import { benchTts } from './tts.js';
import { withUploads } from './uploads.js';
import { withWarm } from './warm.js';

const EXAMPLES = `
Each line on standard output is one JSON object; progress goes to standard error.
What the lines mean: bench/README.md

Examples:
  $ npm run --silent bench -- tts --rounds 3 --concurrency 1,8 > tts.jsonl
  $ npm run --silent bench -- asr --compute-type float32
  $ npm run --silent bench -- memory --minutes 3
  $ npm run --silent bench -- tts | grep '"kind":"summary"'`;

const program = new Command('bench')
  .description('Measures Chorus against its peers, and against its own bounds.')
  .addHelpText('after', EXAMPLES);

withPeer(program.command('tts').description('speech against python -m piper.http_server'))
  .option('--concurrency <list>', 'requests in flight, one series for each', counts, [1, 4, 8, 16])
  .option('--requests <n>', 'requests of a run (at least 2 for each in flight)', atLeastOne, 16)
  .action(benchTts);

withAsr(program);

withPlaces(
  program.command('memory').description("the supervisor's memory under streams and uploads"),
)
  .option('--minutes <n>', 'how long the load lasts', aboveZero, 3)
  .option('--speakers <n>', 'clients that stream speech', atLeastOne, 8)
  .option('--uploaders <n>', 'clients that upload', atLeastOne, 4)
  .option('--upload-bytes <n>', 'size of the uploaded WAV file', atLeastOne, 100_000_000)
  .option('--pause-seconds <n>', 'between two uploads of one client', aboveZero, 5)
  .action(benchMemory);

withPlaces(
  program.command('supervision').description('how quickly and cleanly processes are replaced'),
)
  .option('--parts <list>', `of ${SUPERVISION_PARTS.join(', ')}`, someOf(SUPERVISION_PARTS), [
    ...SUPERVISION_PARTS,
  ])
  .option('--tts <models>', 'speech models, or none', 'piper-en-us-joe')
  .option('--asr <models>', 'recognition models, or none', 'none')
  .option('--workers <n>', 'CPU workers', atLeastOne, 2)
  .option('--rounds <n>', 'lives of the server, restarts of a kind, periods', atLeastOne, 3)
  .option('--kills <n>', 'deaths of each worker in one life of the server', atLeastOne, 1)
  .option('--pause-seconds <n>', 'good health before a death', aboveZero, 3)
  .option('--concurrency <list>', 'clients that speak while /health is asked', counts, [8, 16])
  .option('--seconds <n>', 'length of a period in which /health is asked', aboveZero, 10)
  .option('--churns <n>', 'starts and stops of a worker', atLeastOne, 1000)
  .option(
    '--way <way>',
    'how a churn ends it: restart or kill',
    oneOf(['restart', 'kill']),
    'restart',
  )
  .action(benchSupervision);

program
  .command('router')
  .description('waits of requests against the ideal queue and other balancers')
  .option('--parts <list>', `of ${ROUTER_PARTS.join(', ')}`, someOf(ROUTER_PARTS), [
    ...ROUTER_PARTS,
  ])
  .option('--trace <file>', 'replay these requests: JSON lines (default: made from the seed)')
  .option('--write-trace <file>', 'write the trace of the first seed and the last load')
  .option('--replicas <n>', 'simulated replicas, or worker processes', atLeastOne, 8)
  .option('--capacity <list>', 'leases of a replica at once, one series for each', counts, [1])
  .option('--inside <way>', 'a replica with several leases: fcfs or shared', oneOf(INSIDES), 'fcfs')
  .option(
    '--loads <list>',
    'of what all replicas can do, one series for each',
    loads,
    [0.5, 0.7, 0.9],
  )
  .option('--requests <n>', 'requests of a made trace', atLeastOne, 20_000)
  .option('--seed <n>', 'of the first made trace', atLeastOne, 1)
  .option('--seeds <n>', 'traces, each from the next seed', atLeastOne, 5)
  .option('--rounds <n>', 'how often the processes take turns', atLeastOne, 3)
  .option('--seconds <n>', 'length of a trace for processes', aboveZero, 30)
  .option('--process-load <part>', 'of what the worker processes can do', aboveZero, 0.7)
  .option('--mean-service-ms <n>', 'of a made trace for processes', aboveZero, 110)
  .option(
    '--step-ms <n>',
    "longest step of the processes' engine (default: all in one)",
    aboveZero,
    0,
  )
  .action(benchRouter);

program
  .command('overhead')
  .description('what the supervisor costs, against HAProxy and nginx before the same workers')
  .option('--parts <list>', `of ${OVERHEAD_PARTS.join(', ')}`, someOf(OVERHEAD_PARTS), [
    ...OVERHEAD_PARTS,
  ])
  .option('--rounds <n>', 'how often ours and the proxies take turns', atLeastOne, 5)
  .option('--seconds <n>', 'length of a run under load', atLeastOne, 5)
  .option('--connections <n>', 'clients of a run under load', atLeastOne, 32)
  .option('--requests <n>', 'requests of a run with one at a time', atLeastOne, 1000)
  .option('--sizes <list>', 'bytes of audio of an answer', counts, [1024, 49_152])
  .option('--refusals <n>', 'refused requests of a round', atLeastOne, 10_000)
  .option('--refusal-rounds <n>', 'rounds of refusals', atLeastOne, 3)
  .option('--departures <n>', 'clients that leave at each moment', atLeastOne, 100)
  .option('--workers <n>', 'workers with the empty engine', atLeastOne, 2)
  .option('--no-peers', 'ours alone')
  .option('--cpus <list>', 'pin every measured program to these cores, as in taskset -c 0,1')
  .action(benchOverhead);

withPlaces(
  program
    .command('soak')
    .description('misbehaving clients and dying workers; exit code 1 on a leak'),
)
  .option('--minutes <n>', 'how long the load lasts', aboveZero, 5)
  .option('--clients <n>', 'misbehaving clients of each kind', atLeastOne, 1)
  .option('--speakers <n>', 'well-behaved clients that listen to speech', atLeastOne, 3)
  .option('--recognisers <n>', 'well-behaved clients that upload', atLeastOne, 2)
  .option('--kill-every-seconds <n>', 'between two deaths of workers', aboveZero, 30)
  .option('--rest-seconds <n>', 'within which all must be given back', aboveZero, 60)
  .option('--rss-slack-bytes <n>', 'growth of the supervisor that is flat', atLeastOne, 16_000_000)
  .option('--media-slack-bytes <n>', 'the same of the media process', atLeastOne, 48_000_000)
  .option('--descriptor-slack <n>', 'open descriptors more than at the start', atLeastOne, 4)
  .option('--no-cuts-allowed', 'speech that breaks off counts as a failure')
  .option('--leak <name>', `plant a leak: ${LEAKS.join(', ')}`, oneOf(LEAKS))
  .action(benchSoak);

program
  .command('streams')
  .description('what open WebSockets cost the supervisor')
  .option('--cpus <list>', 'pin the measured server to these cores, as in taskset -c 0,1')
  .option('--rounds <n>', 'silent and speaking periods', atLeastOne, 5)
  .option('--seconds <n>', 'length of a period', aboveZero, 10)
  .option('--streams <n>', 'open WebSockets', atLeastOne, 500)
  .option('--messages-per-second <n>', 'of 100 ms of speech, from each stream', aboveZero, 10)
  .option('--workers <n>', 'CPU workers', atLeastOne, 2)
  .option('--profile <folder>', "write V8's CPU profile of the supervisor there")
  .action(benchStreams);

withCollector(program);
withMetrics(program);
withPhonemes(program);
withListeners(program);
withLive(program);
withNls(program);
withDoor(program);
withGpu(program);
withMarks(program);
withSpeechMemory(program);
withChinese(program);
withUploads(program);
withWarm(program);

endProgramsAtExit();
try {
  await program.parseAsync();
  // Agents keep their connections open for a while; nothing waits for them.
  process.exit();
} catch (caught) {
  note(caught instanceof Error ? caught.message : String(caught));
  process.exit(1);
}
