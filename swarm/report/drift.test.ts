import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mergeProfiles } from '../telemetry/traffic/traffic-profile.ts';
import { DIFFERENCE_KINDS, type DifferenceKind } from './difference.ts';
import { findDrift } from './drift.ts';
import { EXPLAINED } from './drift-explained.ts';
import { driftVerdict, renderDrift } from './drift-text.ts';
import { recordTraffic, type SentRequest } from './testing/traffic.ts';

type Change = (requests: SentRequest[]) => SentRequest[];

const each =
  (change: (request: SentRequest) => Partial<SentRequest>): Change =>
  (requests) =>
    requests.map((request) => ({ ...request, ...change(request) }));
const polls = ({ method, path }: SentRequest) => method === 'GET' && path.includes('/instructions');
const replies = ({ method, path }: SentRequest) => method === 'POST' && path.includes('/instructions');
const progress = ({ path, controller }: SentRequest) => path.endsWith('/progress') && !controller;
/** A body, with the length that is said of it. */
const withBody = (request: SentRequest, body: string): Partial<SentRequest> => ({
  body,
  headers: request.headers.map(([name, value]) => [name, name === 'Content-Length' ? String(body.length) : value]),
});

interface Planted {
  what: string;
  change: Change;
  kind: DifferenceKind;
  where: string;
  /** Part of what is said of stock programs, and of native ones. */
  stock: string | RegExp;
  native: string | RegExp;
}

const PLANTED: readonly Planted[] = [
  {
    what: 'a header that is missing',
    change: each(({ headers }) => ({ headers: headers.filter(([name]) => name !== 'X-Request-Id') })),
    ...{ kind: 'header', where: 'register-host', stock: 'X-Request-Id', native: 'not sent' },
  },
  {
    what: 'a header more',
    change: each(({ headers }) => ({ headers: [...headers, ['Connection', 'keep-alive']] })),
    ...{ kind: 'header', where: 'host-progress', stock: 'not sent', native: 'Connection' },
  },
  {
    what: 'another order of headers',
    change: each(({ headers }) => ({ headers: [headers[1]!, headers[0]!, ...headers.slice(2)] })),
    ...{ kind: 'header order', where: 'get-instructions', stock: /^Host, User-Agent/, native: /^User-Agent, Host/ },
  },
  {
    what: 'another case of a header',
    change: each(({ headers }) => ({ headers: headers.map(([name, value]) => [name.toLowerCase(), value]) })),
    ...{ kind: 'header case', where: 'get-instructions', stock: /Host, User/, native: /host, user/ },
  },
  {
    what: 'another value of a header',
    change: each(({ headers }) => ({
      headers: headers.map(([name, value]) => [name, name === 'User-Agent' ? 'undici' : value]),
    })),
    ...{ kind: 'header value', where: 'get-instructions', stock: 'User-Agent: Go-http-client/1.1', native: 'undici' },
  },
  {
    what: 'another query',
    change: each((request) => (polls(request) ? { path: request.path.split('?')[0]! } : {})),
    ...{ kind: 'query', where: 'get-instructions', stock: 'timestamp={number}', native: '(none)' },
  },
  {
    what: 'another size',
    change: each((request) =>
      replies(request) ? withBody(request, request.body.replace('\\"h\\"', `\\"${'h'.repeat(30)}\\"`)) : {},
    ),
    ...{ kind: 'size', where: 'post-step-reply inventory', stock: /bytes of body/, native: /\+\d+%/ },
  },
  {
    what: 'another status',
    change: each((request) => (replies(request) && request.at % 240 === 3 ? { status: 409 } : {})),
    ...{ kind: 'status', where: 'post-step-reply inventory', stock: '-', native: '409' },
  },
  {
    what: 'an operation more',
    change: (requests) => [
      ...requests,
      { ...requests.find(polls)!, path: '/api/assisted-install/v2/component-versions' },
    ],
    ...{ kind: 'operation', where: 'component-versions', stock: 'never', native: '2 times' },
  },
  {
    what: 'an operation that nobody knows',
    change: (requests) => [
      ...requests,
      { ...requests[0]!, path: '/api/assisted-install/v2/hosts/00000000-0000-4000-8000-000000000009/secrets' },
    ],
    ...{ kind: 'operation', where: 'POST /v2/hosts/{id}/secrets', stock: 'never', native: '2 times' },
  },
  {
    what: 'an operation that is missing',
    change: (requests) => requests.filter((request) => !progress(request)),
    ...{ kind: 'operation', where: 'host-progress', stock: '6 times', native: 'never' },
  },
  {
    what: 'a request more',
    change: (requests) => [...requests, ...requests.filter(progress).map((one) => ({ ...one, at: one.at + 1 }))],
    ...{ kind: 'count', where: 'host-progress', stock: '3 a host', native: '6 a host' },
  },
  {
    what: 'another cadence',
    change: each((request) => (request.connection.startsWith('poll') ? { at: request.at * 1.2 } : {})),
    ...{ kind: 'cadence', where: 'get-instructions', stock: 'every 60 s', native: 'every 72 s' },
  },
  {
    what: 'other use of connections',
    change: each(({ connection }) => (connection.startsWith('poll') ? { connection: 'kept' } : {})),
    ...{ kind: 'connections', where: 'connections', stock: /1\.9 requests/, native: /8\.5 requests/ },
  },
  {
    what: 'another order',
    change: each((request) => (request.body.includes('Rebooting') ? { at: 410 } : {})),
    kind: 'order',
    where: 'host-progress Writing image to disk',
    stock: 'before installer host-progress Rebooting',
    native: 'after installer host-progress Rebooting',
  },
  {
    what: 'a field that nobody knows, in a text that is JSON',
    change: each((request) =>
      replies(request) ? withBody(request, request.body.replace('\\"name\\"', '\\"nom\\"')) : {},
    ),
    kind: 'field',
    where: 'post-step-reply inventory',
    stock: 'output.disks[].name',
    native: 'output.disks[].nom',
  },
  {
    what: 'a step type that nobody knows',
    change: each((request) =>
      replies(request) ? withBody(request, request.body.replace('"inventory"', '"stock-take"')) : {},
    ),
    ...{ kind: 'step type', where: 'post-step-reply stock-take', stock: 'never', native: '16 times' },
  },
  {
    what: 'a step type that only native agents are asked for',
    change: each(({ response }) => ({ response: response.replace('"install"', '"execute"') })),
    ...{ kind: 'step type', where: 'get-instructions', stock: 'install', native: 'execute' },
  },
  {
    what: 'another stage',
    change: each((request) =>
      progress(request) ? withBody(request, request.body.replace('Rebooting', 'Resting')) : {},
    ),
    ...{ kind: 'stage', where: 'host-progress', stock: 'Rebooting', native: 'Resting' },
  },
];

const compared = (change: Change) => findDrift([...recordTraffic('noop'), ...recordTraffic('native', 2, change)]);

describe('drift', () => {
  it('is not there when both kinds send the same, however many they are', () => {
    const drift = findDrift([...recordTraffic('noop', 2), ...recordTraffic('native', 5)]);
    expect(drift.differences).toEqual([]);
    expect(drift.shapes).toMatchObject([{ hosts: { stock: 2, native: 5 }, clusters: { stock: 2, native: 5 } }]);
    expect(driftVerdict(drift)).toBe('native agents sent what stock programs did');
    expect(renderDrift(drift, null)).toContain('✓ no drift');
  });

  it.each(PLANTED)('is found in $what', ({ change, kind, where, stock, native }) => {
    const { differences } = compared(change);
    expect(differences).toContainEqual(
      expect.objectContaining({
        ...{ kind, where },
        stock: typeof stock === 'string' ? expect.stringContaining(stock) : expect.stringMatching(stock),
        native: typeof native === 'string' ? expect.stringContaining(native) : expect.stringMatching(native),
      }),
    );
  });

  it('is told the gravest first, and named in the table and beneath it', () => {
    const drift = compared((requests) => PLANTED.reduce((changed, { change }) => change(changed), requests));
    const ranks = drift.differences.map(({ kind }) => DIFFERENCE_KINDS.indexOf(kind));
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    const text = renderDrift(drift, null);
    expect(text).toMatch(/✗ +agent +post-step-reply inventory +8 → none/);
    expect(text).toMatch(/Drift: \d+ differences/);
    expect(driftVerdict(drift)).toMatch(
      /^\d+ differences between native agents and stock programs, first of all: operation: /,
    );
  });

  it('does not count what no-op hosts cannot do as real ones', () => {
    const upload =
      (bytes: number): Change =>
      (requests) => [
        ...requests,
        {
          ...requests[0]!,
          ...{ at: 465, connection: 'logs', path: '/api/assisted-install/v2/clusters/c/logs?logs_type=host' },
          ...withBody(requests[0]!, 'x'.repeat(bytes)),
        },
      ];
    const drift = findDrift([...recordTraffic('noop', 2, upload(300)), ...recordTraffic('native', 2, upload(50_000))]);
    expect(drift.differences).toEqual([]);
    expect(drift.explained).toMatchObject([{ kind: 'size', where: 'upload-logs host', program: 'logs_sender' }]);
    expect(renderDrift(drift, null)).toMatch(/Not counted\n.*upload-logs host: stock 300 bytes/);
  });

  it('is not in how long the addresses of a network are', () => {
    const free =
      (network: string): Change =>
      (requests) =>
        requests.map((request) => {
          const addresses = Array.from({ length: 50 }, (_, host) => `${network}.${host + 10}`).join(' ');
          return replies(request)
            ? { ...request, ...withBody(request, request.body.replace('\\"h\\"', `\\"${addresses}\\"`)) }
            : request;
        });
    const drift = findDrift([
      ...recordTraffic('noop', 2, free('10.0.1')),
      ...recordTraffic('native', 2, free('10.200.100')),
    ]);
    expect(drift.differences).toEqual([]);
    const { stock, native } = drift.shapes[0]!.rows.find(({ detail }) => detail === 'inventory')!;
    expect(native!.bodyBytes).toBeGreaterThan(stock!.bodyBytes * 1.1);
  });

  it('is not in what the service seldom answers', () => {
    let sent = 0;
    const seldom: Change = each((request) => (replies(request) && ++sent === 5 ? { status: 409 } : {}));
    expect(findDrift([...recordTraffic('noop', 2, seldom), ...recordTraffic('native')]).differences).toEqual([]);
  });

  it('of few hosts is not in one connection more', () => {
    const more = (count: number): Change =>
      each(({ connection, at }) =>
        connection.startsWith('poll') ? { connection: `kept ${Math.floor(at / (500 / count))}` } : {},
      );
    const connections = (stock: number, native: number) =>
      findDrift([
        ...recordTraffic('noop', 1, more(stock)),
        ...recordTraffic('native', 2, more(native)),
      ]).differences.filter(({ kind }) => kind === 'connections');
    expect(connections(4, 6)).toEqual([]);
    expect(connections(2, 6)).toHaveLength(1);
  });

  it('counts a stage that one kind alone reports', () => {
    const configuring: Change = (requests) => [
      ...requests,
      ...requests.filter(progress).map((one) => ({ ...one, ...withBody(one, '{"current_stage":"Configuring"}') })),
    ];
    const drift = findDrift([...recordTraffic('noop'), ...recordTraffic('native', 2, configuring)]);
    expect(drift.differences).toContainEqual(expect.objectContaining({ kind: 'stage', native: 'Configuring' }));
  });

  it('has as many explanations as the documentation gives reasons', () => {
    const text = readFileSync(new URL('../../docs/fidelity.md', import.meta.url), 'utf8');
    const section = /## Differences that the drift check does not count\n(.*?)\n## /s.exec(text)![1]!;
    // Without the head of the table.
    expect(section.match(/^\| /gm)!.slice(1)).toHaveLength(EXPLAINED.length);
  });

  it('is not what hosts of one kind differ by among themselves', () => {
    let host = 0;
    const moreOnSome: Change = (requests) =>
      host++ % 2 === 0
        ? requests
        : [...requests, ...requests.filter(progress).map((one) => ({ ...one, at: one.at + 1 }))];
    const drift = findDrift([...recordTraffic('noop', 2, moreOnSome), ...recordTraffic('native')]);
    expect(drift.shapes[0]!.rows.find(({ operation }) => operation === 'host-progress')).toMatchObject({
      ...{ stock: { perSource: 4.5 }, native: { perSource: 3 }, drift: [] },
    });
    expect(drift.differences).toEqual([]);
  });

  it('compares nothing when one kind is missing', () => {
    expect(findDrift(recordTraffic('noop')).shapes).toEqual([]);
    expect(findDrift([]).shapes).toEqual([]);
  });
});

describe('profiles', () => {
  it('of several threads are one of all of their hosts', () => {
    const merged = mergeProfiles([...recordTraffic('native', 2), ...recordTraffic('native', 3)]);
    const [whole] = recordTraffic('native', 5);
    // Sources that two threads number alike are different ones.
    expect(merged).toEqual([{ ...whole, firsts: merged[0]!.firsts }]);
    expect(merged[0]!.firsts).toHaveLength(10);
  });
});
