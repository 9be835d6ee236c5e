/**
 * Whether further worker threads do as much as the first: the same swarm, polling once a second, with one worker and with more, against the embedded
 * service; the processor time of a request in workers and on the main thread, and a model of what the main thread lets many workers become.
 */
import type { Cell, Figures, PartContext } from '../part.ts';
import { phaseUsage, runSwarm, steadyPlan, verdictNotes } from '../swarm-run.ts';
import { capacityOf, mostWorkers, type WorkerSample, workerModel } from '../worker-model.ts';

const POLL_SECONDS = 1;
const AMOUNTS = {
  full: { hosts: 1500, workers: [1, 2, 8], holdSeconds: 60 },
  quick: { hosts: 500, workers: [1, 2], holdSeconds: 15 },
} as const;
/** Of the model. */
const MODELLED = [1, 2, 8, 16, 64];

interface Sample extends WorkerSample {
  requestsPerSecond: number;
  /** Processor time of a request, by thread. */
  mainMicros: number;
  workerMicros: number;
  sharedMicros: number;
  latenessP99Ms: number;
  /** See {@link verdictNotes}. */
  verdict: readonly string[];
}

/** See {@link PartModule}. */
export async function measure({ quick, folder, progress }: PartContext): Promise<Figures> {
  const { hosts, workers, holdSeconds } = quick ? AMOUNTS.quick : AMOUNTS.full;
  const spreadSeconds = Math.ceil(hosts / 100);
  const samples: Sample[] = [];
  for (const amount of workers) {
    progress(`${hosts} hosts on ${amount} of them: a minute or more`);
    const outcome = await runSwarm({
      plan: steadyPlan({ hosts, spreadSeconds, pollSeconds: POLL_SECONDS }),
      ...{ holdSeconds, workers: amount, folder },
      progress: (text) => progress(`${amount}: ${text}`),
    });
    const { phase, seconds, threads } = phaseUsage(outcome, 'soak');
    const boots = phaseUsage(outcome, 'deploy');
    if (threads.workers === 0) throw new Error('worker threads cannot be told by their names in this version of Node');
    const requestsPerSecond = phase.totals.requests / phase.seconds;
    const micros = (cpu: number) => (cpu * 1e6) / (requestsPerSecond * seconds);
    const mainShare = threads.main / seconds;
    samples.push({
      ...{ workers: amount, requestsPerSecond, mainShare },
      mainMicros: micros(threads.main),
      workerMicros: micros(threads.workers),
      sharedMicros: micros(threads.shared),
      cpuMicros: micros(threads.workers + threads.shared),
      mainMicrosPerBoot: Math.max(0, (boots.threads.main - mainShare * boots.seconds) * 1e6) / hosts,
      latenessP99Ms: outcome.summary.pollLateness.p99,
      verdict: verdictNotes(workersText(amount), outcome.summary),
    });
  }
  return figures(samples, hosts, holdSeconds);
}

function figures(samples: readonly Sample[], hosts: number, holdSeconds: number): Figures {
  const model = workerModel(samples);
  const most = mostWorkers(model);
  const first = samples[0]!;
  const measured = samples.map((one): Cell[] => [
    one.workers,
    ...[one.requestsPerSecond, one.workerMicros, one.sharedMicros, one.cpuMicros / first.cpuMicros],
    ...[one.mainMicros, one.mainShare, one.latenessP99Ms],
  ]);
  const modelled = MODELLED.map((workers): Cell[] => {
    const { mainShare, requestsPerSecond, bootsPerSecond } = capacityOf(model, workers);
    return [workers, mainShare, requestsPerSecond ?? 'main thread is full', bootsPerSecond];
  });
  return {
    tables: [
      {
        title: `measured: ${hosts} hosts that poll once a second for ${holdSeconds} s, one run each; CPU of the time in which they wait`,
        head: [
          'workers',
          ...['requests/s', 'worker µs a request', 'shared µs a request', '÷ first', 'main µs a request'],
          ...['main, share of a core', 'polls late p99 ms'],
        ],
        rows: measured.map((row) => [String(row[0]), ...row.slice(1)]),
      },
      {
        title: 'model, not measured: so many workers, each on a core of its own',
        head: ['workers', 'main, share of a core', 'polls/s', 'and boots/s that main could follow'],
        rows: modelled.map((row) => [String(row[0]), ...row.slice(1)]),
      },
    ],
    charts: [
      {
        name: 'workers',
        title: 'Processor time of a poll, by number of worker threads',
        unit: 'µs of a core for each request; equal bars mean that workers do not disturb each other',
        groups: [
          {
            title: 'Worker threads and the threads they share',
            bars: samples.map((one) => ({ label: workersText(one.workers), value: one.cpuMicros, own: true })),
          },
          {
            title: 'Main thread',
            bars: samples.map((one) => ({ label: workersText(one.workers), value: one.mainMicros, own: true })),
          },
        ],
      },
    ],
    notes: [
      ...samples.flatMap(({ verdict }) => verdict),
      `The main thread takes ${(model.mainFixed * 100).toFixed(1)} % of a core, ${(model.mainPerWorker * 100).toFixed(2)} % for each worker (reading what it counted), and ${(model.mainMicrosPerBoot / 1000).toFixed(2)} ms for each host that boots (its events, and what the simulated user reads meanwhile), whatever the number of workers. ${Number.isFinite(most) ? `By the model it could read ${most.toLocaleString('en-US')} workers.` : 'No cost of a further worker was seen.'}`,
      'The model adds up what was measured of few workers; memory bandwidth, caches and the service are in no part of it.',
    ],
  };
}

const workersText = (count: number) => (count === 1 ? '1 worker' : `${count} workers`);
