/**
 * How many requests a second so many worker threads could send, from what was measured of few.
 *
 *    requests/s ▲            ______ the main thread has no time left: no further worker helps
 *               │          ╱
 *               │       ╱     W ÷ (processor time of a request in its worker and the threads they share)
 *               │    ╱
 *               └─────────────► workers
 *
 * Workers share nothing but memory that they write each for itself, so their parts add up. The main thread reads what they wrote: it takes a
 * fixed time, and some for each worker. Memory bandwidth, caches and the service are in no part of it: it is a model.
 */

/** Of one run. */
export interface WorkerSample {
  workers: number;
  /** Share of a core that the main thread took. */
  mainShare: number;
  /** Processor time of a request in its worker and in the threads that all share. */
  cpuMicros: number;
  /** Processor time of the main thread for each host that boots: events go through it. */
  mainMicrosPerBoot: number;
}

export interface WorkerModel {
  /** Share of a core that the main thread takes for itself, and for each worker. */
  mainFixed: number;
  mainPerWorker: number;
  /** Mean of the samples. */
  cpuMicros: number;
  mainMicrosPerBoot: number;
}

/** Least squares over the main thread's shares. @throws RangeError for samples of less than two numbers of workers */
export function workerModel(samples: readonly WorkerSample[]): WorkerModel {
  const mean = (of: (sample: WorkerSample) => number) =>
    samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const workers = mean((one) => one.workers);
  const share = mean((one) => one.mainShare);
  const spread = mean((one) => (one.workers - workers) ** 2);
  if (!(spread > 0)) throw new RangeError('a model needs samples of two numbers of workers');
  // Noise can make it negative; further workers take no time away.
  const slope = Math.max(0, mean((one) => (one.workers - workers) * (one.mainShare - share)) / spread);
  return {
    mainPerWorker: slope,
    mainFixed: Math.max(0, share - slope * workers),
    cpuMicros: mean((one) => one.cpuMicros),
    mainMicrosPerBoot: mean((one) => one.mainMicrosPerBoot),
  };
}

export interface Capacity {
  workers: number;
  /** Share of a core that the main thread would take; above 1 it cannot follow. */
  mainShare: number;
  /** That workers could send, each on a core of its own; null where the main thread cannot follow. */
  requestsPerSecond: number | null;
  /** That the main thread could follow, beside its share for workers. */
  bootsPerSecond: number;
}

/** What the model says of so many workers. */
export function capacityOf(
  { mainFixed, mainPerWorker, cpuMicros, mainMicrosPerBoot }: WorkerModel,
  workers: number,
): Capacity {
  const mainShare = mainFixed + mainPerWorker * workers;
  return {
    ...{ workers, mainShare },
    requestsPerSecond: mainShare <= 1 ? (workers * 1e6) / cpuMicros : null,
    bootsPerSecond: (Math.max(0, 1 - mainShare) * 1e6) / mainMicrosPerBoot,
  };
}

/** The most workers whose figures the main thread can read; Infinity where that takes it no time. */
export function mostWorkers({ mainFixed, mainPerWorker }: WorkerModel): number {
  return mainPerWorker > 0 ? Math.max(0, Math.floor((1 - mainFixed) / mainPerWorker)) : Number.POSITIVE_INFINITY;
}
