import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { RequestRecord, Telemetry } from '../telemetry/telemetry.ts';
import { NO_TELEMETRY } from '../telemetry/testing/no-telemetry.ts';
import { type Session, TransportError } from '../transport/transport.ts';
import { AGENT_RETRY } from './retry.ts';
import { type RoundTripper, roundTrip } from './round-trip.ts';
import { ModelService } from './testing/model-service.ts';

let clock: ManualClock;
let service: ModelService;
let records: RequestRecord[];
let failures: unknown[];
let successes: number[];
let tripper: RoundTripper;
let session: Session;
let stop: AbortController;
let underWay = 0;

beforeEach(() => {
  clock = new ManualClock(0);
  service = new ModelService(clock);
  records = [];
  failures = [];
  successes = [];
  underWay = 0;
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    request: (record: RequestRecord) => records.push(record),
    requestFailed: (...[, endpoint, outcome, describe]) => failures.push([endpoint, outcome, describe()]),
    requestSucceeded: (_client, _endpoint, ms) => successes.push(ms),
    requestStarted: () => ++underWay,
    requestEnded: () => underWay--,
  };
  const runtime = { clock, telemetry, wallOf: (ms: number) => ms };
  tripper = { runtime, client: 'agent', policy: AGENT_RETRY, random: () => 0.5 };
  session = service.openSession({ baseUrl: 'http://127.0.0.1:1', client: 'agent', machine: 1 });
});

// Whatever becomes of a try, it is not under way any more.
afterEach(() => expect(underWay).toBe(0));

const POLL = {
  method: 'GET',
  path: '/api/assisted-install/v2/clusters/5f0e0000-0000-4000-8000-000000000002',
  headers: [],
};

describe('a round trip', () => {
  it('records each try with the moment it was due', async () => {
    service.fault = () => (service.sent.length < 3 ? { status: 503 } : undefined);
    const ended = roundTrip(tripper, session, 'get-instructions', POLL, -20);
    await clock.advance(10_000);
    expect(await ended).toMatchObject({ status: 200 });
    // Half of 2 s, then half of 4 s.
    expect(records.map(({ outcome, dueAt }) => [outcome, dueAt])).toEqual([
      [503, -20],
      [503, 1000],
      [200, 3000],
    ]);
    // From the first of them, which was due before the clock began.
    expect(successes).toEqual([3020]);
  });

  it('counts until success from when it was first due, also when an earlier call was given up', async () => {
    service.fault = () => (service.sent.length < 2 ? new TransportError('refused', 'nobody listens') : undefined);
    await roundTrip(tripper, session, 'get-instructions', POLL, 0);
    expect(successes).toEqual([]);
    await clock.advance(60_000);
    await roundTrip(tripper, session, 'get-instructions', POLL, 60_000, 0);
    expect(successes).toEqual([60_000]);
  });

  it('tells what went wrong in the words of the service, or of this machine', async () => {
    const outcomes = [
      { status: 409, body: { code: '409', reason: 'no such state' } },
      new TransportError('eof', 'hung up'),
    ];
    service.fault = () => outcomes.shift();
    await roundTrip(tripper, session, 'host-progress', POLL, 0);
    await roundTrip(tripper, session, 'host-progress', POLL, 0);
    expect(failures).toEqual([
      ['host-progress', 409, 'no such state'],
      ['host-progress', 'eof', 'hung up'],
    ]);
    expect(records.map(({ sentAt }) => sentAt).at(-1)).toBe(0);
    expect(successes).toEqual([]);
  });

  it('sends a prepared request as it is filled in, at each try', async () => {
    service.fault = () => (service.sent.length < 2 ? new TransportError('dial-timeout', 'no answer') : undefined);
    const [before, id] = [POLL.path.slice(0, -36), POLL.path.slice(-36)];
    const prepared = service.prepare({
      baseUrl: '',
      method: 'GET',
      path: `${before}\0`,
      headers: ['X-Request-Id', '\0'],
    });
    const ended = roundTrip(tripper, session, 'get-instructions', { prepared, values: [id, 'id-1'] }, 0);
    await clock.advance(10_000);
    expect(await ended).toMatchObject({ status: 200 });
    expect(service.sent.map(({ path, headers }) => [path, headers.get('X-Request-Id')])).toEqual(
      Array(2).fill([`clusters/${id}`, 'id-1']),
    );
  });

  it.each([
    ['the session is aborted', () => session.abort(), undefined],
    ['its signal aborts', () => stop.abort(), () => stop.signal],
  ])('ends without another try when %s while it waits', async (_name, abort, signal) => {
    stop = new AbortController();
    service.fault = () => ({ status: 503 });
    const request = signal ? { ...POLL, signal: signal() } : POLL;
    const ended = roundTrip(tripper, session, 'get-instructions', request, 0);
    await clock.advance(500);
    abort();
    await clock.advance(60_000);
    expect(await ended).toMatchObject({ kind: 'aborted' });
    expect(records.map(({ outcome }) => outcome)).toEqual([503]);
    expect(service.sent).toHaveLength(1);
  });

  it('passes on what is no failure of the network', async () => {
    service.fault = () => {
      throw new RangeError('a defect');
    };
    await expect(roundTrip(tripper, session, 'get-instructions', POLL, 0)).rejects.toThrow('a defect');
  });
});
