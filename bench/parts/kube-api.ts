/**
 * The mock kube-api beside a bare HTTPS server of Node (the limit of the platform) and, if one is named, beside a real API server. Server and
 * clients are processes of their own.
 */
import type { Cell, Figures, PartContext } from '../part.ts';
import { end, nextMessage, startModule } from '../started.ts';
import { ratio } from '../table.ts';
import type { Order, Reply, Target } from './kube-api-worker.ts';

interface Amounts {
  objects: number;
  watchers: number;
  changes: number;
}
const AMOUNTS: Record<'full' | 'quick', Amounts> = {
  full: { objects: 10_000, watchers: 1000, changes: 1000 },
  quick: { objects: 2000, watchers: 200, changes: 200 },
};
/** Changes a second under watch. */
const PACE = 50;
const CONCURRENCY = 32;
const LIST_ROUNDS = 9;
const WATCH_PROCESSES = 2;

class Worker {
  readonly #child = startModule(new URL('./kube-api-worker.ts', import.meta.url));

  next(): Promise<Reply> {
    return nextMessage<Reply>(this.#child);
  }

  ask(order: Order): Promise<Reply> {
    const reply = this.next();
    this.#child.send(order);
    return reply;
  }

  end(): Promise<void> {
    return end(this.#child, 'SIGTERM');
  }
}

async function withWorker<T>(use: (worker: Worker) => Promise<T>): Promise<T> {
  const worker = new Worker();
  try {
    return await use(worker);
  } finally {
    await worker.end();
  }
}

const asClient = (order: Order): Promise<Reply> => withWorker((worker) => worker.ask(order));

/** Creates objects, and notes what each costs a server of ours. */
async function createAll(
  target: Target,
  server: Worker | undefined,
  objects: number,
): Promise<{ perSecond: number; cpuUs?: number }> {
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
async function measureServer(
  target: Target,
  { objects, watchers, changes }: Amounts,
  server?: Worker,
): Promise<Measured> {
  const created = await createAll(target, server, objects);
  const listed = await asClient({ do: 'list', target, rounds: LIST_ROUNDS });
  const clients = Array.from({ length: WATCH_PROCESSES }, () => new Worker());
  try {
    await Promise.all(
      clients.map((client) => client.ask({ do: 'watch', target, watchers: watchers / WATCH_PROCESSES, changes })),
    );
    const heard = clients.map((client) => client.next());
    const changed = await asClient({ do: 'change', target, changes, perSecond: PACE });
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
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** See {@link PartModule}. */
export async function measure({ quick, kubePeer, progress }: PartContext): Promise<Figures> {
  const amounts = quick ? AMOUNTS.quick : AMOUNTS.full;
  const { objects } = amounts;
  const server = new Worker();
  const raw = new Worker();
  try {
    progress(`${2 * objects} objects in process, then ${objects} over HTTPS, lists, and ${amounts.watchers} watchers`);
    const library = await asClient({ do: 'create in process', count: 2 * objects });
    const mock = await measureServer((await server.ask({ do: 'serve mock' })).target!, amounts, server);
    progress('the same of a bare server');
    const limit = (await raw.ask({ do: 'serve raw' })).target!;
    const rawCreates = await createAll(limit, raw, objects);
    await raw.ask({ do: 'send this many bytes', bytes: mock.listBytes });
    const rawList = await asClient({ do: 'list', target: limit, rounds: LIST_ROUNDS });
    if (kubePeer !== undefined) progress(`the same of ${kubePeer}`);
    const peer =
      kubePeer === undefined
        ? null
        : await measureServer({ url: kubePeer, token: process.env.BENCH_KUBE_TOKEN ?? '' }, amounts);
    return figures(amounts, { library, mock, rawCreates, rawList, peer });
  } finally {
    await Promise.all([server.end(), raw.end()]);
  }
}

interface Results {
  library: Reply;
  mock: Measured;
  rawCreates: { perSecond: number; cpuUs?: number };
  rawList: Reply;
  peer: Measured | null;
}

function figures(
  { objects, watchers, changes }: Amounts,
  { library, mock, rawCreates, rawList, peer }: Results,
): Figures {
  const row = (name: string, own: number, other: number | undefined, bare: number | undefined): Cell[] => [
    name,
    ...[own, other ?? null, bare ?? null, ratio(own, other), ratio(own, bare)],
  ];
  return {
    tables: [
      {
        title: `${objects} objects, ${watchers} watchers, ${changes} changes at ${PACE} a second; lists: median of ${LIST_ROUNDS}, others one run`,
        head: ['', 'mock', 'peer', 'bare server', 'mock ÷ peer', 'mock ÷ bare'],
        rows: [
          row(`creates/s over HTTPS, ${CONCURRENCY} at once`, mock.creates, peer?.creates, rawCreates.perSecond),
          row('CPU µs of the server a create', mock.createCpuUs!, undefined, rawCreates.cpuUs),
          row('creates/s in process', library.perSecond!, undefined, undefined),
          row('ms for the whole list, median', mock.listMs, peer?.listMs, rawList.ms),
          row(
            'MB of the whole list',
            mock.listBytes / 1e6,
            peer ? peer.listBytes / 1e6 : undefined,
            rawList.bytes! / 1e6,
          ),
          row('changes/s under watch', mock.changesPerSecond, peer?.changesPerSecond, undefined),
          row('ms until a watcher hears, p50', mock.delaysMs[0]!, peer?.delaysMs[0], undefined),
          row('ms until a watcher hears, p99', mock.delaysMs[1]!, peer?.delaysMs[1], undefined),
          row('ms until a watcher hears, worst', mock.delaysMs[2]!, peer?.delaysMs[2], undefined),
          row('bytes in memory of an object, beside its JSON', library.bytesPerObject!, undefined, library.jsonBytes),
        ],
      },
    ],
    charts: [
      {
        name: 'kube-api',
        title: 'The mock kube-api',
        unit: 'less is better',
        groups: [
          {
            title: 'µs of processor time of the server for a create over HTTPS',
            bars: [
              { label: 'mock', value: mock.createCpuUs ?? null, own: true },
              { label: 'bare HTTPS server', value: rawCreates.cpuUs ?? null, own: false },
            ],
          },
          {
            title: `ms for a list of ${objects.toLocaleString('en-US')} objects`,
            bars: [
              { label: 'mock', value: mock.listMs, own: true },
              { label: 'bare HTTPS server', value: rawList.ms ?? null, own: false },
              ...(peer ? [{ label: 'kube-apiserver', value: peer.listMs, own: false }] : []),
            ],
          },
        ],
      },
    ],
    notes: peer ? [] : ['No real kube-apiserver was named with --kube-peer.'],
  };
}
