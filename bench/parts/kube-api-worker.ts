/** One process of kube-api.ts: a server, or a client of one. Told what to do and answering over IPC. */
import type { IncomingMessage } from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { KubeObject } from '../../controller-mock/api/object.ts';
import { startKubeMock } from '../../controller-mock/index.ts';
import { CertificateAuthority } from '../../model/protocol/certificate-authority.ts';

export interface Target {
  url: string;
  token: string;
}

export type Order =
  | { do: 'serve mock' }
  | { do: 'serve raw' }
  | { do: 'send this many bytes'; bytes: number }
  /** How much processor time this process has used. */
  | { do: 'account' }
  | { do: 'create in process'; count: number }
  | { do: 'create'; target: Target; count: number; concurrency: number }
  | { do: 'list'; target: Target; rounds: number }
  | { do: 'watch'; target: Target; watchers: number; changes: number }
  | { do: 'change'; target: Target; changes: number; perSecond: number };

export interface Reply {
  target?: Target;
  perSecond?: number;
  bytesPerObject?: number;
  jsonBytes?: number;
  bytes?: number;
  cpuMs?: number;
  ms?: number;
  /** Median, 99th percentile, worst. */
  delaysMs?: number[];
}

const NAMESPACE = 'bench';
const COLLECTION = `/api/v1/namespaces/${NAMESPACE}/configmaps`;

export const configMap = (name: string, data: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE, labels: { app: 'bench' } },
  data,
});

/** The object that is watched. */
const CHANGING = 'changing';

const PAYLOAD = { value: 'x'.repeat(500) };

const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: Number.POSITIVE_INFINITY });

/** @returns the length of the answer. @throws Error for an answer that is not 2xx. */
function send({ url, token }: Target, method: string, path: string, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const request = https.request(`${url}${path}`, { agent, method, headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(bytes);
        else reject(new Error(`${method} ${path} was answered ${response.statusCode}`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function create(target: Target, count: number, concurrency: number): Promise<Reply> {
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < count) {
        await send(target, 'POST', COLLECTION, JSON.stringify(configMap(`object-${next++}`, PAYLOAD)));
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  await send(target, 'POST', COLLECTION, JSON.stringify(configMap(CHANGING, {})));
  return { perSecond: count / seconds };
}

async function list(target: Target, rounds: number): Promise<Reply> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    bytes = await send(target, 'GET', COLLECTION);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { bytes, ms: times[Math.floor(times.length / 2)]! };
}

/** Before the time of a change, in nanoseconds of the monotonic clock, which is one for all processes. */
const MARK = '"sentAt":"';

/** Resolves when every watcher has heard of every change; says 'ready' when all watch. */
async function watch({ url, token }: Target, watchers: number, changes: number): Promise<Reply> {
  const delaysMs: number[] = [];
  const path = `${COLLECTION}?watch=1&fieldSelector=metadata.name%3D${CHANGING}&resourceVersion=0`;
  const options = { agent, headers: { authorization: `Bearer ${token}` } };
  const open = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      https.get(`${url}${path}`, options, resolve).on('error', reject);
    });
  const streams = await Promise.all(Array.from({ length: watchers }, open));
  process.send!({});
  await Promise.all(streams.map((stream) => hear(stream, changes, delaysMs)));
  delaysMs.sort((a, b) => a - b);
  return { delaysMs: [0.5, 0.99, 1].map((part) => delaysMs[Math.ceil(delaysMs.length * part) - 1]!) };
}

/** Notes the age of every change a stream tells of. */
async function hear(stream: IncomingMessage, changes: number, delaysMs: number[]): Promise<void> {
  let heard = 0;
  let rest = '';
  for await (const chunk of stream.setEncoding('latin1')) {
    const now = process.hrtime.bigint();
    const text = rest + chunk;
    let from = 0;
    for (let mark = text.indexOf(MARK); mark >= 0; mark = text.indexOf(MARK, from)) {
      const end = text.indexOf('"', mark + MARK.length);
      if (end < 0) break;
      delaysMs.push(Number(now - BigInt(text.slice(mark + MARK.length, end))) / 1e6);
      from = end;
      heard++;
    }
    if (heard >= changes) return;
    const unfinished = text.indexOf(MARK, from);
    rest = text.slice(unfinished >= 0 ? unfinished : Math.max(from, text.length - MARK.length + 1));
  }
}

/** Changes one object at an even pace. */
async function change(target: Target, changes: number, perSecond: number): Promise<Reply> {
  const start = performance.now();
  for (let index = 0; index < changes; index++) {
    const due = start + (index * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const data = { sentAt: String(process.hrtime.bigint()) };
    await send(target, 'PUT', `${COLLECTION}/${CHANGING}`, JSON.stringify(configMap(CHANGING, data)));
  }
  return { perSecond: changes / ((performance.now() - start) / 1000) };
}

let raw = { status: 201, body: Buffer.alloc(0) };

async function serveRaw(): Promise<Reply> {
  const authority = await CertificateAuthority.create('bench-ca');
  const server = https.createServer(await authority.issue('kube-apiserver', ['127.0.0.1']), (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = raw.body.length > 0 ? raw.body : Buffer.concat(chunks);
      response.writeHead(raw.status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { target: { url: `https://127.0.0.1:${port}`, token: 'none' } };
}

const NAMESPACE_OBJECT: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };

async function serveMock(): Promise<Reply> {
  const { url, token, cluster } = await startKubeMock({ http2: false });
  cluster.create({ group: '', resource: 'namespaces' }, NAMESPACE_OBJECT);
  return { target: { url, token } };
}

async function createInProcess(count: number): Promise<Reply> {
  const { cluster, store, close } = await startKubeMock({ tls: false, historyLength: 1 });
  cluster.create({ group: '', resource: 'namespaces' }, NAMESPACE_OBJECT);
  const resource = { group: '', resource: 'configmaps' };
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const used = () => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  // The first objects pay for compilation.
  for (let index = 0; index < 2000; index++) cluster.create(resource, configMap(`warm-${index}`, PAYLOAD));
  const before = used();
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    cluster.create(resource, configMap(`object-${index}`, { value: `${index}${PAYLOAD.value}`.slice(0, 500) }));
  }
  const perSecond = count / ((performance.now() - start) / 1000);
  const bytesPerObject = (used() - before) / count;
  const jsonBytes = store.collection('/configmaps').get(NAMESPACE, 'object-0')!.bytes().length;
  await close();
  return { perSecond, bytesPerObject, jsonBytes };
}

async function obey(order: Order): Promise<Reply> {
  switch (order.do) {
    case 'serve mock':
      return serveMock();
    case 'serve raw':
      return serveRaw();
    case 'send this many bytes':
      raw = { status: 200, body: Buffer.alloc(order.bytes, 0x20) };
      return {};
    case 'account': {
      const { user, system } = process.cpuUsage();
      return { cpuMs: (user + system) / 1000 };
    }
    case 'create in process':
      return createInProcess(order.count);
    case 'create':
      return create(order.target, order.count, order.concurrency);
    case 'list':
      return list(order.target, order.rounds);
    case 'watch':
      return watch(order.target, order.watchers, order.changes);
    case 'change':
      return change(order.target, order.changes, order.perSecond);
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (reply) => process.send!(reply),
    (error: unknown) => {
      process.stderr.write(`${error}\n`);
      process.exit(1);
    },
  );
});
