/**
 * The mock kube-api beside a bare HTTPS server of Node (the limit of the platform) and, if one is named, beside a real
 * API server. Server and clients are processes of their own.
 *
 *    node bench/kube-api.ts [--peer=https://host:port --peer-token=TOKEN] [--objects=10000] [--watchers=1000]
 *                           [--changes=1000] [--pace=50]
 *
 * `pace` is changes a second in the watch test. A peer must have a namespace `bench`, which this program fills; delete
 * it afterwards.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { Order, Reply, Target } from './kube-api-worker.ts';
import { printTable } from './table.ts';

const { values: options } = parseArgs({
  options: {
    peer: { type: 'string' },
    'peer-token': { type: 'string', default: '' },
    objects: { type: 'string', default: '10000' },
    watchers: { type: 'string', default: '1000' },
    changes: { type: 'string', default: '1000' },
    pace: { type: 'string', default: '50' },
  },
});
const [objects, watchers, changes, pace] = [options.objects, options.watchers, options.changes, options.pace].map(
  Number,
) as [number, number, number, number];
const CONCURRENCY = 32;
const LIST_ROUNDS = 9;
const WATCH_PROCESSES = 2;

class Worker {
  readonly #child: ChildProcess = fork(new URL('./kube-api-worker.ts', import.meta.url));

  next(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#child.once('message', (reply) => {
        this.#child.removeAllListeners('exit');
        resolve(reply as Reply);
      });
      this.#child.once('exit', () => reject(new Error('a process of the benchmark has ended')));
    });
  }

  ask(order: Order): Promise<Reply> {
    const reply = this.next();
    this.#child.send(order);
    return reply;
  }

  end(): void {
    this.#child.removeAllListeners('exit');
    this.#child.kill();
  }
}

async function withWorker<T>(use: (worker: Worker) => Promise<T>): Promise<T> {
  const worker = new Worker();
  try {
    return await use(worker);
  } finally {
    worker.end();
  }
}

const asClient = (order: Order): Promise<Reply> => withWorker((worker) => worker.ask(order));

/** Creates objects, and notes what each costs a server of ours. */
async function createAll(target: Target, server: Worker | undefined): Promise<{ perSecond: number; cpuUs?: number }> {
  const before = (await server?.ask({ do: 'account' }))?.cpuMs ?? 0;
  const { perSecond } = await asClient({ do: 'create', target, count: objects, concurrency: CONCURRENCY });
  const after = (await server?.ask({ do: 'account' }))?.cpuMs ?? 0;
  return { perSecond: perSecond!, ...(server && { cpuUs: ((after - before) * 1000) / objects }) };
}

interface Measured {
  createCpuUs: number | undefined;
  creates: number;
  listBytes: number;
  listMs: number;
  delaysMs: number[];
  changesPerSecond: number;
}

/** @param server the process of the target, if it is ours. */
async function measure(target: Target, server?: Worker): Promise<Measured> {
  const created = await createAll(target, server);
  const listed = await asClient({ do: 'list', target, rounds: LIST_ROUNDS });
  const clients = Array.from({ length: WATCH_PROCESSES }, () => new Worker());
  try {
    await Promise.all(
      clients.map((client) => client.ask({ do: 'watch', target, watchers: watchers / WATCH_PROCESSES, changes })),
    );
    const heard = clients.map((client) => client.next());
    const changed = await asClient({ do: 'change', target, changes, perSecond: pace });
    const delays = (await Promise.all(heard)).map((reply) => reply.delaysMs!);
    return {
      creates: created.perSecond,
      createCpuUs: created.cpuUs,
      listBytes: listed.bytes!,
      listMs: listed.ms!,
      // The worse half of the watchers stands for all.
      delaysMs: delays[0]!.map((_, at) => Math.max(...delays.map((each) => each[at]!))),
      changesPerSecond: changed.perSecond!,
    };
  } finally {
    for (const client of clients) client.end();
  }
}

const server = new Worker();
const raw = new Worker();
try {
  const library = await asClient({ do: 'create in process', count: 2 * objects });
  const mock = await measure((await server.ask({ do: 'serve mock' })).target!, server);
  const limit = (await raw.ask({ do: 'serve raw' })).target!;
  const rawCreates = await createAll(limit, raw);
  await raw.ask({ do: 'send this many bytes', bytes: mock.listBytes });
  const rawList = await asClient({ do: 'list', target: limit, rounds: LIST_ROUNDS });
  const peer = options.peer && (await measure({ url: options.peer, token: options['peer-token'] }));

  const ratio = (a: number, b: number | undefined) => (b === undefined ? '' : (a / b).toFixed(2));
  const row = (what: string, mine: number, other: number | undefined, bare: number | undefined) => [
    what,
    mine.toFixed(mine < 10 ? 2 : 0),
    other?.toFixed(other < 10 ? 2 : 0) ?? '',
    bare?.toFixed(bare < 10 ? 2 : 0) ?? '',
    ratio(mine, other),
    ratio(mine, bare),
  ];
  const real = peer || undefined;
  printTable(
    `${objects} objects, ${watchers} watchers, ${changes} changes at ${pace} a second`,
    ['', 'mock', 'peer', 'bare server', 'mock ÷ peer', 'mock ÷ bare'],
    [
      row(`creates/s over HTTPS, ${CONCURRENCY} at once`, mock.creates, real?.creates, rawCreates.perSecond),
      row('CPU µs of the server a create', mock.createCpuUs!, undefined, rawCreates.cpuUs),
      row('creates/s in process', library.perSecond!, undefined, undefined),
      row('ms for the whole list, median', mock.listMs, real?.listMs, rawList.ms),
      row('MB of the whole list', mock.listBytes / 1e6, real && real.listBytes / 1e6, rawList.bytes! / 1e6),
      row('changes/s under watch', mock.changesPerSecond, real?.changesPerSecond, undefined),
      row('ms until a watcher hears, p50', mock.delaysMs[0]!, real?.delaysMs[0], undefined),
      row('ms until a watcher hears, p99', mock.delaysMs[1]!, real?.delaysMs[1], undefined),
      row('ms until a watcher hears, worst', mock.delaysMs[2]!, real?.delaysMs[2], undefined),
      row('bytes in memory of an object', library.bytesPerObject!, undefined, library.jsonBytes),
    ],
  );
} finally {
  server.end();
  raw.end();
}
