import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClientKind } from '../../model/protocol/endpoints.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import type { RequestCount } from '../telemetry/telemetry-snapshot.ts';
import { clusterStuck, HopelessWatch, lastingCause } from './hopeless.ts';
import { fakePlan } from './testing/fakes.ts';

const row = (client: ClientKind, code: string, count: number): RequestCount => ({
  client,
  endpoint: client === 'agent' ? 'register-host' : 'component-versions',
  method: 'GET',
  code,
  count,
});

describe('a cause that lasts', () => {
  it.each([
    [
      'a dead port',
      [row('user', 'refused', 4)],
      11,
      'http://service has never answered: 4 of 4 attempts failed (refused: ',
    ],
    [
      'a dead port, one try aborted',
      [row('user', 'refused', 4), row('user', 'aborted', 1)],
      11,
      '4 of 4 attempts failed (refused: ',
    ],
    ['a port that hangs up', [row('user', 'eof', 1), row('user', 'reset', 3)], 11, '4 of 4 attempts failed (reset: '],
    ['no such name', [row('user', 'dns', 1)], 6, 'attempts failed (dns: no such name'],
    ['no TLS', [row('user', 'tls', 1)], 5, 'attempts failed (tls: its certificate is not trusted'],
    ['no HTTP', [row('user', 'protocol', 3)], 10, 'attempts failed (protocol: '],
    ['a black hole', [row('user', 'dial-timeout', 1)], 0, 'attempts failed (dial-timeout: '],
    [
      'a source address of another machine',
      [row('user', 'source-address', 1)],
      0,
      'no request has left this machine: 1 of 1 attempts failed (source-address: connections.source_addresses must be',
    ],
    [
      'no file that may be opened',
      [row('user', 'files-exhausted', 3)],
      10,
      'no request has left this machine: 3 of 3 attempts failed (files-exhausted: this process may open no more files',
    ],
    [
      'a user who may not',
      [row('user', '401', 1)],
      0,
      'the service has refused every request of the user with 401 (1 of 1): it wants a user',
    ],
    ['a user who may nothing', [row('user', '403', 2), row('user', '401', 1)], 0, 'with 403, 401 (3 of 3)'],
    ['another program', [row('user', '404', 1)], 0, 'is the URL that of an assisted-service?'],
    [
      'agents who may not',
      [row('user', '200', 9), row('agent', '401', 3)],
      0,
      'the service has refused every request of agents with 401 (3 of 3): it wants a token',
    ],
    [
      'hosts that are not taken',
      [row('user', '200', 9), row('agent', '409', 3)],
      0,
      'every request of agents with 409',
    ],
  ] as [string, RequestCount[], number, string][])('is known: %s', (_, requests, seconds, sentence) => {
    expect(lastingCause('http://service', requests, seconds)).toContain(sentence);
  });

  it.each([
    ['nothing yet', [], 60],
    ['only requests that we aborted', [row('user', 'aborted', 9)], 60],
    ['a service that is just starting', [row('user', 'refused', 9)], 9],
    ['few attempts', [row('user', 'refused', 2)], 60],
    ['a single answer that was no HTTP', [row('user', 'protocol', 1)], 600],
    ['a name server with a bad moment', [row('user', 'dns', 3)], 4],
    ['a service that answered once and went away', [row('user', '200', 1), row('user', 'refused', 500)], 600],
    [
      'a service that answered the user before agents were refused connections',
      [row('user', '201', 1), row('agent', 'refused', 500)],
      600,
    ],
    ['an overloaded service', [row('user', '503', 50)], 600],
    ['causes of several kinds', [row('user', 'refused', 50), row('user', 'dns', 50)], 600],
    ['one agent who got through', [row('agent', '201', 1), row('agent', '401', 500)], 600],
    ['two agents who were refused', [row('agent', '401', 2)], 600],
    ['a user who may do something', [row('user', '200', 1), row('user', '403', 50)], 600],
  ] as [string, RequestCount[], number][])('is not seen in %s', (_, requests, seconds) => {
    expect(lastingCause('http://service', requests, seconds)).toBe(null);
  });
});

const phase = (name: string, to: 'discovering' | 'failed', reason?: string): RunEvent => ({
  time: 0,
  type: 'cluster.phase',
  cluster: 0,
  name,
  phase: to,
  ...(reason !== undefined && { reason }),
});

function watch(clusters: number, requests: RequestCount[] = []) {
  return new HopelessWatch({ requests: () => requests }, fakePlan(Array.from({ length: clusters }, () => ({}))));
}

describe('advice about refused requests', () => {
  const service = (userAuthorization: string, agentToken = '') => ({
    ...{ url: 'http://service', tls: {}, agentToken, userAuthorization },
  });
  const said = (requests: RequestCount[], plan: Parameters<typeof fakePlan>[1], clusters = [{}]) =>
    new HopelessWatch({ requests: () => requests }, fakePlan(clusters, plan)).look(0);

  it('tells what helps the user with each AUTH_TYPE that may be the cause', () => {
    const none = said([row('user', '401', 1)], { service: service('') });
    expect(none).toMatch(/AUTH_TYPE of the service is rhsso, give service\.user_authorization in the plan\./);
    expect(none).toMatch(/Where AUTH_TYPE is local, no user is ever served over REST: make clusters with api: kube/);
    const some = said([row('user', '401', 1)], { service: service('Bearer x') });
    expect(some).toMatch(/it does not take service\.user_authorization in the plan: has the token ended/);
    expect(some).toMatch(/Where AUTH_TYPE is local, no user/);
    expect(some).not.toMatch(/give service\.user_authorization/);
    expect(said([row('user', '403', 1)], { service: service('Bearer x') })).toMatch(
      /may do this: not that of service\.user_authorization in the plan$/,
    );
  });

  it('tells what helps agents, by where they have their tokens from', () => {
    const refused = [row('user', '200', 9), row('agent', '401', 3)];
    expect(said(refused, { service: service('') })).toMatch(
      /give service\.agent_token in the plan: .*cloud\.openshift\.com/,
    );
    expect(said(refused, { service: service('', 'token') })).toMatch(
      /: it does not take service\.agent_token of the plan$/,
    );
    const kube = said(refused, { service: service('') }, [{ api: 'kube' }] as never);
    expect(kube).toMatch(/tokens of its own discovery ignitions: .*assisted-installer-local-auth-key/);
    expect(kube).not.toContain('agent_token');
  });
});

describe('watch', () => {
  it('counts the time from the first attempt it saw', () => {
    const requests: RequestCount[] = [];
    const one = watch(1, requests);
    expect(one.look(0)).toBe(null);
    requests.push(row('user', 'refused', 3));
    expect(one.look(50_000)).toBe(null);
    expect(one.look(59_999)).toBe(null);
    expect(one.look(60_000)).toContain('the embedded service has never answered');
  });

  it('believes a cause that a second look finds as well', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const requests = [row('user', '401', 1)];
    const one = watch(1, requests);
    const told: string[] = [];
    one.start(
      () => 0,
      (cause) => told.push(cause),
    );
    vi.advanceTimersByTime(1000);
    requests.push(row('user', '200', 1));
    vi.advanceTimersByTime(1000);
    requests.pop();
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(5000);
    expect(told).toEqual([expect.stringContaining('401 (1 of 1)')]);
  });

  it('does not wait any longer at the end', () => {
    expect(watch(1, [row('user', 'refused', 3)]).conclude()).toContain('has never answered');
  });

  it('never shows a password of the URL', () => {
    const service = { url: 'http://me:secret@service:80', tls: {}, agentToken: '', userAuthorization: '' };
    const one = new HopelessWatch({ requests: () => [row('user', 'dial-timeout', 1)] }, fakePlan([{}], { service }));
    expect(one.look(0)).toMatch(/^http:\/\/\(redacted\)@service:80 has never answered/);
  });

  it('gives up when the first clusters cannot be created, and more would come', () => {
    const one = watch(100, [row('user', '400', 3)]);
    for (const name of ['a', 'b']) one.apply(phase(name, 'failed', `creating: ${name} is bad`));
    expect(one.look(0)).toBe(null);
    one.apply(phase('c', 'failed', 'creating: c is bad'));
    expect(one.look(0)).toBe('no cluster could be created so far (3 failed); a: creating: a is bad');
  });

  it('gives up at the first when the service is none', () => {
    const one = watch(100, [row('user', '200', 1)]);
    expect(one.look(0)).toBe(null);
    one.apply(phase('a', 'failed', 'creating: no JSON'));
    expect(one.look(0)).toBe('no cluster could be created so far (1 failed); a: creating: no JSON');
  });

  it('does not give up when one could be created, nor when all have failed', () => {
    const created = watch(100);
    created.apply(phase('x', 'discovering'));
    const few = watch(3);
    for (const name of ['a', 'b', 'c', 'd']) {
      created.apply(phase(name, 'failed', 'creating: bad'));
      few.apply(phase(name, 'failed', 'creating: bad'));
    }
    expect(created.look(0)).toBe(null);
    expect(few.look(0)).toBe(null);
  });
});

describe('a stuck cluster', () => {
  const frozen: RunEvent = {
    time: 0,
    type: 'host.phase',
    cluster: 0,
    host: 7,
    id: 'id-7',
    phase: 'frozen',
    reason: 'registration was refused with 401',
  };

  it.each(['discovering', 'preparing', 'day2'] as const)('is known by a frozen host while %s', (at) => {
    expect(clusterStuck(frozen, at, 2)).toBe('host 2 (id-7): registration was refused with 401');
  });

  it.each([
    'planned',
    'creating',
    'installing',
    'finalizing',
    'installed',
    'complete',
    'failed',
    'deleted',
  ] as const)('is not seen while %s, when its agents have done their part', (at) => {
    expect(clusterStuck(frozen, at, 2)).toBe(null);
  });

  it('is known by a host whose processes are gone, until it would have rebooted', () => {
    const lost: RunEvent = {
      type: 'host.error',
      time: 1,
      cluster: 1,
      host: 7,
      id: 'id-7',
      kind: 'host-lost',
      message: 'killed',
    };
    for (const at of ['discovering', 'preparing', 'installing', 'day2'] as const)
      expect(clusterStuck(lost, at, 2)).toBe('killed');
    for (const at of ['creating', 'finalizing', 'complete'] as const) expect(clusterStuck(lost, at, 2)).toBe(null);
    expect(clusterStuck({ ...lost, kind: 'program-ended' }, 'discovering', 2)).toBe(null);
  });

  it('is not seen in other events', () => {
    expect(clusterStuck({ ...frozen, phase: 'failed' }, 'discovering', 2)).toBe(null);
  });
});
