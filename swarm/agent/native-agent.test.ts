import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstallRequest } from '../../model/protocol/install-request.ts';
import { hostDurationMs } from '../../model/spoke/profiles.ts';
import { buildHost } from '../host/build-host.ts';
import type { InstallOutcome, RunInstaller } from '../host/machine.ts';
import {
  AGENT_VERSION,
  CLUSTER,
  CLUSTER_ID,
  INFRA_ENV_ID,
  instructions,
  kindOf,
  type Reaction,
  registered,
  type SeenRequest,
  World,
} from './testing/world.ts';

const HOST = buildHost('seed', CLUSTER, CLUSTER.hosts[0]!);
const HOST_ID = HOST.identity.id;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TYPED = JSON.stringify({ code: '404', reason: 'no', kind: 'Error', id: 404, href: '' });
/** What RUNNER_START is with jitter at its middle. */
const RUNNER_START_MS = 2000;

const INVENTORY = { type: 'inventory', args: [HOST_ID] };
const NTP = { type: 'ntp-synchronizer', args: ['{"ntp_source":"clock1.example.com"}'] };

/** Failures that every request of an agent may meet. */
const FAILURES: Record<string, Reaction> = {
  '401': { status: 401, body: TYPED },
  '403': { status: 403, body: TYPED },
  '404': { status: 404, body: TYPED },
  '404 HTML': { status: 404, body: '<html>router</html>', type: 'text/html' },
  '404 without a body or type': { status: 404, type: '' },
  '404 text': { status: 404, body: 'not found', type: 'text/plain' },
  '404 garbled JSON': { status: 404, body: '{"code":' },
  '409': { status: 409, body: TYPED },
  '429': { status: 429, body: TYPED },
  '500': { status: 500, body: TYPED },
  '502 HTML': { status: 502, body: '<html>bad gateway</html>', type: 'text/html' },
  '503': { status: 503, body: '<html>unavailable</html>', type: 'text/html' },
  '504': { status: 504 },
  'good status, HTML': { status: 200, body: '<html>login</html>', type: 'text/html' },
  'good status, garbage': { status: 200, body: '\u0000garbage' },
  'good status, truncated JSON': { status: 200, body: '{"next_instruction_sec' },
  'good status, wrong types': { status: 200, body: '{"next_instruction_seconds":"60","id":7}' },
  'truncated gzip': {
    status: 200,
    body: gzipSync('{"next_instruction_seconds":60}').subarray(0, 20),
    headers: { 'content-encoding': 'gzip' },
  },
  reset: (socket) => socket.resetAndDestroy(),
  'closed connection': (socket) => socket.destroy(),
};

let world: World;
beforeEach(async () => {
  world = await new World().open();
});
afterEach(() => world.close());

/** Reacts by kind of request; what is not given is answered well. */
function script(reactions: Partial<Record<ReturnType<typeof kindOf>, (request: SeenRequest) => Reaction>>): void {
  world.react = (request) => {
    const kind = kindOf(request);
    const given = reactions[kind];
    if (given) return given(request);
    if (kind === 'register') return registered();
    return kind === 'poll' ? instructions([]) : { status: 204, type: '' };
  };
}

function seen(kind: ReturnType<typeof kindOf>): SeenRequest[] {
  return world.seen.filter((request) => kindOf(request) === kind);
}

function names(request: SeenRequest): string[] {
  return request.rawHeaders.filter((_, index) => index % 2 === 0);
}

/** Waits between requests, in seconds. */
function gaps(requests: SeenRequest[]): number[] {
  return requests.slice(1).map((request, index) => (request.at - requests[index]!.at) / 1000);
}

describe('requests', () => {
  it('registers as a stock agent does', async () => {
    script({});
    world.boot({ access: { baseUrl: world.baseUrl, token: 'secret', pollIntervalSeconds: null } });
    await world.run(1000);
    const [request] = seen('register');
    expect(request!.url).toBe(`/api/assisted-install/v2/infra-envs/${INFRA_ENV_ID}/hosts`);
    expect(request!.rawHeaders).toEqual([
      ...['Host', world.baseUrl.slice('http://'.length), 'User-Agent', 'Go-http-client/1.1'],
      ...['Content-Length', String(request!.body.length), 'Accept', 'application/json'],
      ...['Content-Type', 'application/json', 'Discovery_agent_version', AGENT_VERSION],
      ...['X-Request-Id', expect.stringMatching(UUID), 'X-Secret-Key', 'secret', 'Accept-Encoding', 'gzip'],
    ]);
    expect(request!.body).toBe(`{"discovery_agent_version":"${AGENT_VERSION}","host_id":"${HOST_ID}"}\n`);
  });

  it('polls and replies in one session under one id, with the host clock in the query', async () => {
    script({ poll: () => instructions([INVENTORY, NTP]) });
    world.boot();
    await world.run(80_000);
    const [first, second] = seen('poll');
    const timestamp = Math.floor((world.started + first!.at) / 1000);
    expect(first!.url).toBe(
      `/api/assisted-install/v2/infra-envs/${INFRA_ENV_ID}/hosts/${HOST_ID}/instructions?timestamp=${timestamp}`,
    );
    expect(names(first!)).toEqual([
      ...['Host', 'User-Agent', 'Accept', 'Discovery_agent_version', 'X-Request-Id', 'X-Secret-Key'],
      'Accept-Encoding',
    ]);
    const replies = seen('reply');
    expect(replies.length).toBe(2);
    const ids = [first!, ...replies].map((request) => request.headers['x-request-id']);
    expect(new Set(ids).size).toBe(1);
    expect(second!.headers['x-request-id']).not.toBe(ids[0]);
    expect(names(replies[0]!)).toEqual(names(seen('register')[0]!));
    expect(replies.map((reply) => JSON.parse(reply.body).step_id)).toEqual([
      'ntp-synchronizer-00000001',
      'inventory-00000000',
    ]);
  });

  it('omits what is empty from a reply and keeps the order of keys', async () => {
    script({
      poll: () => instructions([{ type: 'stop-installation' }, { type: 'execute', args: ['ls'] }, NTP], HOUR),
    });
    world.boot();
    await world.run(MINUTE);
    const bodies = Object.fromEntries(seen('reply').map(({ body }) => [JSON.parse(body).step_type, body]));
    expect(bodies['stop-installation']).toBe(
      '{"step_id":"stop-installation-00000000","step_type":"stop-installation"}\n',
    );
    expect(Object.keys(JSON.parse(bodies.execute!))).toEqual(['error', 'exit_code', 'step_id', 'step_type']);
    expect(JSON.parse(bodies.execute!)).toMatchObject({ exit_code: -1, step_id: 'execute-00000001' });
    expect(bodies['ntp-synchronizer']).toBe(
      '{"output":"{\\"ntp_sources\\":[{\\"source_name\\":\\"clock1.example.com\\",\\"source_state\\":\\"synced\\"}]}","step_id":"ntp-synchronizer-00000002","step_type":"ntp-synchronizer"}\n',
    );
  });

  it('records each try with the moment it was due', async () => {
    script({});
    world.boot();
    await world.run(3 * MINUTE);
    const polls = world.records.filter((record) => record.endpoint === 'get-instructions');
    expect(polls.map((record) => record.dueAt - world.started)).toEqual(seen('poll').map((request) => request.at));
    expect(polls[0]).toMatchObject({ client: 'agent', outcome: 200 });
  });
});

describe('registration', () => {
  const frozen = ['401', '403', '404', '404 HTML', '404 without a body or type', '409'];

  it.each(frozen)('freezes for ever after %s', async (name) => {
    script({ register: () => FAILURES[name]! });
    world.boot();
    await world.run(2 * HOUR);
    expect(world.seen.length).toBe(1);
    expect(world.phases).toEqual(['booting', 'registering', 'frozen']);
    expect(world.errors).toEqual(['registration-frozen']);
    expect(world.silent.length).toBe(1);
  });

  const retried = Object.keys(FAILURES).filter((name) => !frozen.includes(name) && !['503', '504'].includes(name));

  it.each(retried)('tries again every 60 s after %s', async (name) => {
    script({ register: () => FAILURES[name]! });
    world.boot();
    await world.run(181_000);
    expect(gaps(seen('register'))).toEqual([60, 60, 60]);
    expect(new Set(seen('register').map((request) => request.headers['x-request-id'])).size).toBe(4);
    expect(world.errors.filter((kind) => kind === 'registration-retry').length).toBe(4);
    expect(world.events.filter((event) => event.type === 'host.error').length).toBe(1);
  });

  it.each(['503', '504'])('tries %s four times with one id before it waits', async (name) => {
    script({ register: () => FAILURES[name]! });
    world.boot();
    await world.run(67_000 + 7_000);
    // Half of 2, 4 and 8 s, then the 60 s of the agent.
    expect(gaps(seen('register'))).toEqual([1, 2, 4, 60, 1, 2, 4]);
    const ids = seen('register').map((request) => request.headers['x-request-id']);
    expect(new Set(ids.slice(0, 4)).size).toBe(1);
    expect(ids[4]).not.toBe(ids[0]);
  });

  it('waits for ever for an answer that does not come', async () => {
    script({
      register: () => () => world.abandon(),
    });
    world.boot();
    await world.run(HOUR);
    expect(world.seen.length).toBe(1);
  });

  it('takes another good status than 201 for a failure', async () => {
    script({ register: () => ({ ...(registered() as object), status: 200 }) as Reaction });
    world.boot();
    await world.run(61_000);
    expect(gaps(seen('register'))).toEqual([60]);
  });

  it.each([
    ['no command', { next_step_runner_command: null }, 3600],
    ['no arguments', { next_step_runner_command: { args: [] } }, 3600],
    ['two arguments', { next_step_runner_command: { args: ['{}', '{}'] } }, 3600],
    ['arguments that are no JSON', { next_step_runner_command: { args: ['x'] } }, 3600],
    [
      'a bad image',
      {
        next_step_runner_command: {
          args: [`{"agent_version":"A B","host_id":"${HOST_ID}","infra_env_id":"${HOST_ID}"}`],
        },
      },
      3600,
    ],
    ['retry_seconds', { next_step_runner_command: { args: [], retry_seconds: 17 } }, 17],
  ])('registers again later after %s', async (_name, overrides, seconds) => {
    script({ register: () => registered(overrides) });
    world.boot();
    await world.run(seconds * 1000 + 1);
    expect(gaps(seen('register'))).toEqual([seconds]);
    expect(seen('poll')).toEqual([]);
  });

  it('polls with the version that the server names and registers with its own', async () => {
    script({ register: () => registered({}, 'quay.io/example/newer:v3'), poll: () => instructions([], 60, 'exit') });
    world.boot();
    await world.run(MINUTE + 2 * RUNNER_START_MS);
    expect(seen('poll')[0]!.headers.discovery_agent_version).toBe('quay.io/example/newer:v3');
    const again = seen('register')[1]!;
    expect(again.headers.discovery_agent_version).toBe(AGENT_VERSION);
    expect(JSON.parse(again.body).discovery_agent_version).toBe(AGENT_VERSION);
  });
});

describe('polling', () => {
  it('keeps the pace of the service without jitter', async () => {
    let polls = 0;
    script({ poll: () => instructions([], ++polls % 2 ? 60 : 120) });
    world.random = Math.random;
    world.boot();
    await world.run(10 * MINUTE);
    expect(gaps(seen('poll'))).toEqual([60, 120, 60, 120, 60, 120]);
  });

  it('obeys an interval that replaces it', async () => {
    script({});
    world.boot({ access: { baseUrl: world.baseUrl, token: '', pollIntervalSeconds: 7 } });
    await world.run(RUNNER_START_MS + 21_000);
    expect(gaps(seen('poll'))).toEqual([7, 7, 7]);
  });

  it.each([
    '404',
    '404 HTML',
    '404 without a body or type',
  ])('freezes after %s, steps under way still reply', async (name) => {
    let polls = 0;
    script({ poll: () => (polls++ === 0 ? instructions([INVENTORY], 1) : FAILURES[name]!) });
    world.boot();
    await world.run(RUNNER_START_MS + 1500);
    expect(world.phases.at(-1)).toBe('frozen');
    expect(world.silent).toEqual([]);
    await world.run(HOUR);
    expect(seen('poll').length).toBe(2);
    expect(seen('reply').length).toBe(1);
    expect(seen('register').length).toBe(1);
    expect(world.errors).toEqual(['poll-frozen']);
    expect(world.silent.length).toBe(1);
  });

  const NOMINAL = [0.5, 0.75, 1.125, 1.6875, 2.53125, 3.796875, 5.6953125];
  const retried = Object.keys(FAILURES).filter((name) => !/^(404|404 HTML|404 without.*|503|504)$/.test(name));

  it.each(retried)('backs off after %s', async (name) => {
    script({ poll: () => FAILURES[name]! });
    world.boot();
    await world.run(RUNNER_START_MS + 16_200);
    expect(gaps(seen('poll')).map((gap) => Math.round(gap * 1e3) / 1e3)).toEqual(
      NOMINAL.map((gap) => Math.round(gap * 1e3) / 1e3),
    );
    expect(new Set(seen('poll').map((request) => request.headers['x-request-id'])).size).toBe(8);
    expect(world.errors.filter((kind) => kind === 'poll-error').length).toBe(8);
    expect(world.events.filter((event) => event.type === 'host.error').length).toBe(1);
    expect(world.errors.includes('malformed-answer')).toBe(name.startsWith('good status'));
  });

  it('tries 503 four times before each back-off', async () => {
    script({ poll: () => FAILURES['503']! });
    world.boot();
    await world.run(RUNNER_START_MS + 7_000 + 500 + 7_000);
    expect(gaps(seen('poll'))).toEqual([1, 2, 4, 0.5, 1, 2, 4]);
  });

  it('says how long it waited for its instructions, over all attempts, and at what pace it would have asked', async () => {
    const outcomes = ['ok', '500', '500', 'ok'];
    script({ poll: () => FAILURES[outcomes.shift() ?? 'ok'] ?? instructions([]) });
    world.boot();
    await world.run(RUNNER_START_MS + MINUTE + 10_000);
    expect(world.waits).toEqual([
      // Nobody has named a pace before the first.
      { ms: 0, paceMs: 0, attempts: 1 },
      { ms: 1250, paceMs: MINUTE, attempts: 3 },
    ]);
  });

  it('says so too when the machine goes off before the answer, if it had waited longer than its pace', async () => {
    let polls = 0;
    script({ poll: () => (polls++ < 1 ? instructions([]) : () => world.abandon()) });
    const machine = world.boot();
    await world.run(RUNNER_START_MS + 2.5 * MINUTE);
    machine.unplug();
    await world.run(1000);
    expect(world.waits.slice(1)).toEqual([{ ms: 1.5 * MINUTE, paceMs: MINUTE, attempts: 1 }]);
  });

  it('waits for nothing any more when the service does not know it', async () => {
    const outcomes = ['ok', 'gone'];
    const gone = { status: 404, body: '{"code":"404","reason":"no such host"}' };
    script({ poll: () => (outcomes.shift() === 'ok' ? instructions([]) : gone) });
    const machine = world.boot();
    await world.run(RUNNER_START_MS + HOUR);
    machine.unplug();
    await world.run(1000);
    expect(world.phases).toContain('frozen');
    expect(world.waits.length).toBe(1);
  });

  it('gives up after 15 minutes, exits and registers at once', async () => {
    script({ poll: () => FAILURES['500']! });
    world.boot();
    await world.run(15 * MINUTE + RUNNER_START_MS);
    const polls = seen('poll');
    const [, again] = seen('register');
    expect(again!.at - polls[0]!.at).toBeGreaterThan(14 * MINUTE);
    expect(again!.at - polls[0]!.at).toBeLessThanOrEqual(15 * MINUTE);
    const before = polls.filter((poll) => poll.at <= again!.at);
    expect(before.length).toBeGreaterThanOrEqual(23);
    expect(before.length).toBeLessThanOrEqual(27);
    expect(again!.at).toBe(before.at(-1)!.at);
    expect(world.errors).toContain('poll-given-up');
  });

  it('starts anew after a success', async () => {
    const outcomes = ['500', '500', 'ok', '500', '500'];
    script({ poll: () => FAILURES[outcomes.shift() ?? 'ok'] ?? instructions([]) });
    world.boot();
    await world.run(3 * MINUTE);
    expect(gaps(seen('poll')).slice(0, 5)).toEqual([0.5, 0.75, 60, 0.5, 0.75]);
  });

  it.each([
    ['an empty object', '{}'],
    ['an empty body', ''],
    ['null', 'null'],
  ])('comes again at once after %s, and says so', async (_name, body) => {
    let polls = 0;
    script({ poll: () => (polls++ < 5 ? { status: 200, body } : instructions([])) });
    world.boot();
    await world.run(RUNNER_START_MS + 30_000);
    expect(gaps(seen('poll'))).toEqual([0, 0, 0, 0, 0]);
    expect(world.errors).toEqual(Array(5).fill('malformed-answer'));
  });

  it('crashes on a null instruction and is silent for an hour', async () => {
    script({ poll: () => ({ status: 200, body: '{"instructions":[null],"next_instruction_seconds":60}' }) });
    world.boot();
    await world.run(HOUR + MINUTE);
    expect(gaps(seen('register'))).toEqual([3600 + RUNNER_START_MS / 1000]);
  });

  it('hangs as long as the service does not answer', async () => {
    script({ poll: () => () => world.abandon() });
    world.boot();
    await world.run(HOUR);
    expect(seen('poll').length).toBe(1);
  });

  it('takes `exit` without a pace for one at once, and for no fault', async () => {
    script({ poll: () => ({ status: 200, body: '{"instructions":null,"post_step_action":"exit"}' }) });
    world.boot();
    await world.run(RUNNER_START_MS + 1000);
    expect(gaps(seen('register'))).toEqual([RUNNER_START_MS / 1000]);
    expect(world.errors).toEqual([]);
  });

  it.each([0, 120])('sleeps %i s after `exit`, then registers at once; steps under way are lost', async (seconds) => {
    script({ poll: () => instructions([{ type: 'connectivity-check', args: ['[]'] }], seconds, 'exit') });
    world.boot();
    await world.run(RUNNER_START_MS + seconds * 1000 + 1000);
    expect(gaps(seen('register'))).toEqual([seconds + RUNNER_START_MS / 1000]);
    expect(seen('reply').length).toBe(seconds === 0 ? 0 : 1);
  });

  it('is one timer while it waits, and none when its machine is unplugged', async () => {
    script({ poll: () => instructions([INVENTORY, NTP]) });
    const machine = world.boot();
    await world.run(MINUTE - 10_000);
    expect([seen('reply').length, world.wheel.size]).toEqual([2, 1]);
    machine.unplug();
    expect(world.wheel.size).toBe(0);
  });

  it('ends with stop, aborting what is under way', async () => {
    script({ poll: () => () => world.abandon() });
    const machine = world.boot();
    await world.run(HOUR);
    machine.unplug();
    machine.unplug();
    await world.run(HOUR);
    expect(world.seen.length).toBe(2);
    expect(world.phases.at(-1)).toBe('stopped');
    expect(world.silent.length).toBe(1);
    expect(world.records.at(-1)).toMatchObject({ endpoint: 'get-instructions', outcome: 'aborted' });
  });
});

describe('replies', () => {
  it('are not repeated within an hour, for each type', async () => {
    script({ poll: () => instructions([INVENTORY, NTP]) });
    world.boot();
    await world.run(59 * MINUTE);
    expect(seen('reply').length).toBe(2);
    await world.run(10 * MINUTE);
    expect(seen('reply').length).toBe(4);
    expect(world.replies.filter((reply) => reply === 'inventory deduplicated').length).toBeGreaterThan(55);
    expect(world.phases).toEqual(['booting', 'registering', 'polling', 'discovered']);
  });

  it('are all repeated after a failed poll', async () => {
    let polls = 0;
    script({ poll: () => (++polls === 3 ? FAILURES['500']! : instructions([INVENTORY, NTP])) });
    world.boot();
    await world.run(3 * MINUTE + 20_000);
    expect(seen('reply').length).toBe(4);
  });

  it('change when the request changes', async () => {
    let polls = 0;
    script({ poll: () => instructions([{ ...NTP, args: [`{"ntp_source":"clock${polls++}.example.com"}`] }]) });
    world.boot();
    await world.run(3 * MINUTE + 20_000);
    expect(seen('reply').length).toBe(4);
  });

  it('with an exit code are always posted', async () => {
    script({ poll: () => instructions([{ type: 'inventory', args: ['no uuid'] }]) });
    world.boot();
    await world.run(3 * MINUTE + 20_000);
    expect(seen('reply').length).toBe(4);
    expect(JSON.parse(seen('reply')[0]!.body)).toMatchObject({ exit_code: -1, step_type: 'inventory' });
    expect(world.errors).toEqual(Array(4).fill('step-failed'));
  });

  const lost = Object.keys(FAILURES).filter((name) => !['503', '504'].includes(name));

  it.each(lost)('are lost after %s, and posted again when the step comes again', async (name) => {
    script({ poll: () => instructions([NTP]), reply: () => FAILURES[name]! });
    world.boot();
    await world.run(MINUTE + 20_000);
    expect(seen('reply').length).toBe(2);
    expect(world.replies).toEqual(['ntp-synchronizer failed', 'ntp-synchronizer failed']);
    expect(world.errors).toEqual(['reply-lost', 'reply-lost']);
  });

  it('are tried four times when the service is unavailable', async () => {
    script({ poll: () => instructions([NTP], 3600), reply: () => FAILURES['503']! });
    world.boot();
    await world.run(MINUTE);
    expect(gaps(seen('reply'))).toEqual([1, 2, 4]);
    expect(new Set(seen('reply').map((request) => request.body)).size).toBe(1);
  });
});

describe('guarded steps', () => {
  const images = { type: 'container-image-availability', args: ['{"images":["a:1","b:2","c:3"],"timeout":960}'] };

  it('answer at once with nothing while one is under way', async () => {
    script({ poll: () => instructions([images, images], 10) });
    world.boot();
    await world.run(RUNNER_START_MS + 9_000);
    const [first] = seen('reply');
    expect(first!.at).toBe(RUNNER_START_MS);
    expect(JSON.parse(first!.body)).toEqual({
      step_id: 'container-image-availability-00000001',
      step_type: 'container-image-availability',
    });
    await world.run(MINUTE);
    const outputs = seen('reply').map((reply) => JSON.parse(reply.body).output);
    expect(JSON.parse(outputs.find(Boolean)).images.map((image: { name: string }) => image.name)).toEqual([
      'a:1',
      'b:2',
      'c:3',
    ]);
  });

  it('upgrade: the second says no result, the first ends the runner and the host registers at once', async () => {
    const upgrade = { type: 'upgrade-agent', args: ['{"agent_image":"quay.io/example/agent:v9"}'] };
    let registrations = 0;
    script({
      register: () => registered({}, registrations++ === 0 ? AGENT_VERSION : 'quay.io/example/agent:v9'),
      poll: (request) =>
        instructions(request.headers.discovery_agent_version === AGENT_VERSION ? [upgrade, upgrade] : []),
    });
    world.boot();
    await world.run(MINUTE);
    expect(seen('reply').map((reply) => JSON.parse(reply.body).output)).toEqual([
      '{"agent_image":"quay.io/example/agent:v9"}',
      '{"agent_image":"quay.io/example/agent:v9","result":"success"}',
    ]);
    const again = seen('register')[1]!;
    expect(again.at).toBe(seen('reply')[1]!.at);
    expect(again.headers.discovery_agent_version).toBe(AGENT_VERSION);
    expect(seen('poll').at(-1)!.headers.discovery_agent_version).toBe('quay.io/example/agent:v9');
  });
});

describe('installation', () => {
  const request = {
    boot_device: HOST.installationDisk,
    cluster_id: CLUSTER_ID,
    control_plane_count: 3,
    controller_image: 'quay.io/example/controller:v1',
    disks_to_format: [],
    host_id: HOST_ID,
    infra_env_id: INFRA_ENV_ID,
    installer_image: 'quay.io/example/installer:v1',
    openshift_version: '4.19.7',
    role: 'master',
    service_ips: null,
  };
  const step = (overrides: Record<string, unknown> = {}) => ({
    type: 'install',
    args: [JSON.stringify({ ...request, ...overrides })],
  });

  function installer() {
    const runs: { request: InstallRequest; signal: AbortSignal; end: (outcome: InstallOutcome) => void }[] = [];
    const install: RunInstaller = (machine, asked, signal) =>
      new Promise<InstallOutcome>((resolve, reject) => {
        const end = (outcome: InstallOutcome) => {
          // The last thing that a good installer does.
          if (outcome.exitCode === 0) machine.shutdown('+1');
          resolve(outcome);
        };
        runs.push({ request: asked, signal, end });
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    return { runs, install };
  }

  it('starts one installer, refuses others, replies when it ends and falls silent with the reboot', async () => {
    const { runs, install } = installer();
    script({ poll: () => instructions([step()]) });
    world.boot({ install });
    await world.run(2 * MINUTE + 30_000);
    expect(runs.length).toBe(1);
    expect(runs[0]!.request).toEqual(request);
    const refused = seen('reply').map((reply) => JSON.parse(reply.body));
    expect(refused.map(({ exit_code }) => exit_code)).toEqual([125, 125]);
    expect(refused[0].error).toContain('the container name "assisted-installer" is already in use');

    script({});
    runs[0]!.end({ exitCode: 0, error: '' });
    await world.run(30_000);
    expect(JSON.parse(seen('reply').at(-1)!.body)).toEqual({ step_id: 'install-00000000', step_type: 'install' });
    expect(world.silent).toEqual([]);
    const left = hostDurationMs(world.profile, HOST, 'shutdown') - 30_000;
    await world.run(left - 1);
    expect(world.silent).toEqual([]);
    await world.run(1);
    const count = world.seen.length;
    expect(world.phases.at(-1)).toBe('rebooted');
    expect(world.silent.length).toBe(1);
    await world.run(HOUR);
    expect(world.seen.length).toBe(count);
  });

  it('goes on under a frozen agent: its reply gets out, and the machine reboots', async () => {
    const { runs, install } = installer();
    let polls = 0;
    script({ poll: () => (polls++ === 0 ? instructions([step()]) : FAILURES['404']!) });
    world.boot({ install });
    await world.run(2 * MINUTE);
    expect(world.phases.slice(-2)).toEqual(['installing', 'frozen']);
    expect(world.silent).toEqual([]);
    runs[0]!.end({ exitCode: 0, error: '' });
    await world.run(1000);
    expect(seen('reply').map((reply) => JSON.parse(reply.body).step_type)).toEqual(['install']);
    expect(world.silent.length).toBe(1);
    await world.run(2 * MINUTE);
    expect(world.phases.slice(-2)).toEqual(['frozen', 'rebooted']);
    expect([world.silent.length, world.wheel.size]).toEqual([1, 0]);
  });

  it('reports a failed installer and lives on', async () => {
    script({ poll: () => instructions([step()], 3600) });
    world.boot({ install: async () => ({ exitCode: 1, error: 'disk is full' }) });
    await world.run(MINUTE);
    expect(JSON.parse(seen('reply')[0]!.body)).toMatchObject({ exit_code: 1, error: 'disk is full' });
    expect(world.phases.slice(-2)).toEqual(['installing', 'failed']);
    await world.run(HOUR);
    expect(seen('poll').length).toBe(2);
  });

  it('stops the installer when told', async () => {
    const { runs, install } = installer();
    let polls = 0;
    script({ poll: () => instructions([polls++ === 0 ? step() : { type: 'stop-installation' }]) });
    world.boot({ install });
    await world.run(MINUTE + 30_000);
    expect(runs[0]!.signal.aborted).toBe(true);
    expect(seen('reply').map((reply) => JSON.parse(reply.body))).toMatchObject([
      { step_type: 'stop-installation', output: 'assisted-installer\n' },
      { step_type: 'install', exit_code: 143 },
    ]);
  });

  it.each([
    ['a disk it does not have', { boot_device: '/dev/disk/by-id/none' }],
    ['a disk outside /dev', { boot_device: '/tmp/disk' }],
    ['an unknown role', { role: 'queen' }],
    ['no controller image', { controller_image: '' }],
    ['a cluster id that is none', { cluster_id: 'c' }],
    ['installer arguments that are no list', { installer_args: '{}' }],
    ['a version that is none', { openshift_version: 'four' }],
  ])('does not start with %s', async (_name, overrides) => {
    const { runs, install } = installer();
    script({ poll: () => instructions([step(overrides)], 3600) });
    world.boot({ install });
    await world.run(MINUTE);
    expect(runs).toEqual([]);
    expect(JSON.parse(seen('reply')[0]!.body)).toMatchObject({ exit_code: -1, step_type: 'install' });
  });

  it('goes on while the runner is restarted by an outage', async () => {
    const { runs, install } = installer();
    let polls = 0;
    script({ poll: () => (polls++ === 0 ? instructions([step()]) : FAILURES['500']!) });
    world.boot({ install });
    await world.run(17 * MINUTE);
    expect(seen('register').length).toBe(2);
    expect(runs[0]!.signal.aborted).toBe(false);
    runs[0]!.end({ exitCode: 0, error: '' });
    await world.run(2 * MINUTE);
    expect(world.phases.at(-1)).toBe('rebooted');
    expect(seen('reply')).toEqual([]);
  });
});

describe('other programs and reboots', () => {
  it('logs-gather: logs_sender makes its own requests', async () => {
    const args = {
      bootstrap: false,
      cluster_id: CLUSTER_ID,
      host_id: HOST_ID,
      infra_env_id: INFRA_ENV_ID,
      installer_gather: true,
      master_ips: null,
    };
    script({ poll: () => instructions([{ type: 'logs-gather', args: [JSON.stringify(args)] }], 3600) });
    world.react = (
      (react) => (request: SeenRequest) =>
        kindOf(request) === 'other' ? { status: 204, type: '' } : react(request)
    )(world.react);
    world.boot();
    await world.run(2 * MINUTE);
    const sent = seen('other');
    expect(sent.map(({ method, body }) => [method, method === 'PUT' ? body : ''])).toEqual([
      ['PUT', '{"logs_state":"requested"}\n'],
      ['PUT', '{"logs_state":"collecting"}\n'],
      ['POST', ''],
      ['PUT', '{"logs_state":"completed"}\n'],
    ]);
    const upload = sent[2]!;
    expect(upload.url).toBe(
      `/api/assisted-install/v2/clusters/${CLUSTER_ID}/logs?host_id=${HOST_ID}&infra_env_id=${INFRA_ENV_ID}&logs_type=host`,
    );
    expect(names(upload)).toEqual([
      ...['Host', 'User-Agent', 'Transfer-Encoding', 'Accept', 'Content-Type', 'X-Request-Id', 'X-Secret-Key'],
      'Accept-Encoding',
    ]);
    expect(upload.headers['content-type']).toMatch(/^multipart\/form-data; boundary=[0-9a-f]{60}$/);
    expect(new Set(sent.map((request) => request.headers['x-request-id'])).size).toBe(1);
    expect(sent[0]!.headers['x-request-id']).not.toBe(seen('poll')[0]!.headers['x-request-id']);
    expect(JSON.parse(seen('reply')[0]!.body)).toMatchObject({
      output: 'Logs were sent\n\n',
      step_type: 'logs-gather',
    });
  });

  it('reboot-for-reclaim: no reply, the machine comes back and registers', async () => {
    let polls = 0;
    const reboot = { type: 'reboot-for-reclaim', args: ['{"host_fs_mount_dir":"/host"}'] };
    script({ poll: () => (polls++ === 0 ? instructions([reboot], 120, 'exit') : instructions([])) });
    world.boot();
    await world.run(10 * MINUTE);
    const bootMs = hostDurationMs(world.profile, HOST, 'discoveryBoot');
    expect(bootMs).toBeGreaterThan(120_000);
    expect(gaps(seen('register'))).toEqual([expect.closeTo((RUNNER_START_MS + bootMs) / 1000, 6)]);
    expect(seen('reply')).toEqual([]);
    expect(seen('poll').length).toBeGreaterThan(3);
    expect(world.phases).toEqual(['booting', 'registering', 'polling', 'booting', 'registering', 'polling']);
    expect(world.silent).toEqual([]);
    // A step without a reply is in the columns, too.
    expect(world.steps).toEqual(['reboot-for-reclaim']);
    expect(world.replies).toEqual(['reboot-for-reclaim dropped']);
  });
});

it('steps are dropped with their machine at once, not when their time would have been over', async () => {
  script({ poll: () => instructions(seen('poll').length < 2 ? [INVENTORY] : [INVENTORY, INVENTORY]) });
  const machine = world.boot();
  await world.run(RUNNER_START_MS + MINUTE + 100);
  machine.unplug();
  expect(world.steps).toHaveLength(3);
  expect(world.replies).toEqual(['inventory posted', 'inventory dropped', 'inventory dropped']);
  await world.run(MINUTE);
  expect(world.replies).toHaveLength(3);
});

describe.each(['per-poll', 'keep-alive'] as const)('connections of a program that ends (%s)', (mode) => {
  beforeEach(async () => {
    await world.close();
    world = await new World(mode).open();
    script({});
  });

  /** Waits until the service sees no connection of those that are open now, and no other one. */
  const allClose = () => Promise.all([...world.sockets].map((socket) => once(socket, 'close')));
  const kept = mode === 'per-poll' ? { afterTwoPolls: 3 } : { afterTwoPolls: 1 };

  it('close when the machine reboots', async () => {
    const machine = world.boot();
    await world.run(MINUTE + 5000);
    expect(seen('poll').length).toBe(2);
    expect(world.sockets.size).toBe(kept.afterTwoPolls);
    machine.shutdown('now');
    const closed = allClose();
    await world.run(hostDurationMs(world.profile, HOST, 'shutdownSingleNode'));
    expect(world.phases.at(-1)).toBe('rebooted');
    await closed;
    expect(world.sockets.size).toBe(0);
  });

  it('close when the machine boots anew, with the request that is under way', async () => {
    let hung = 0;
    script({ poll: () => (seen('poll').length < 2 ? instructions([]) : () => void hung++) });
    const machine = world.boot();
    const run = world.run(MINUTE + 5000);
    while (hung === 0) await new Promise((resolve) => setImmediate(resolve));
    world.abandon();
    await run;
    const closed = allClose();
    machine.restart();
    await closed;
    expect(seen('register').length).toBe(1);
  });

  it('close when the plug is pulled', async () => {
    const machine = world.boot();
    await world.run(MINUTE + 5000);
    const closed = allClose();
    machine.unplug();
    await closed;
  });

  it('close with the runner, and leave those of the agent that has started it', async () => {
    script({ poll: () => instructions([], 3600, 'exit') });
    world.boot();
    await world.run(5000);
    const [registration, ...polls] = [...world.sockets];
    expect(polls.length).toBe(mode === 'per-poll' ? 1 : 0);
    const closed = Promise.all(polls.map((socket) => once(socket, 'close')));
    await world.run(HOUR);
    await closed;
    expect(seen('register').length).toBe(2);
    expect(registration!.destroyed).toBe(false);
  });
});

it('survives any instruction', async () => {
  const json = fc.json({ maxDepth: 3 });
  const type = fc.oneof(
    fc.constantFrom(
      ...['inventory', 'connectivity-check', 'free-network-addresses', 'ntp-synchronizer', 'domain-resolution'],
      ...['verify-vips', 'api-vip-connectivity-check', 'tang-connectivity-check', 'dhcp-lease-allocate', 'install'],
      ...['installation-disk-speed-check', 'container-image-availability', 'stop-installation', 'logs-gather'],
      ...['upgrade-agent', 'download-boot-artifacts', 'reboot-for-reclaim', 'execute'],
    ),
    fc.string(),
  );
  const field = fc.constantFrom(
    'ntp_source',
    'domains',
    'tang_servers',
    'images',
    'url',
    'path',
    'vip',
    'interface',
    'agent_image',
  );
  const argument = fc.oneof(
    fc.string(),
    json,
    fc.dictionary(field, fc.jsonValue({ maxDepth: 3 })).map((value) => JSON.stringify(value)),
    fc
      .array(fc.dictionary(fc.constantFrom('host_id', 'nics', 'vip'), fc.jsonValue()), { maxLength: 3 })
      .map((value) => JSON.stringify(value)),
  );
  const step = fc.record({ step_type: type, step_id: fc.string(), args: fc.array(argument, { maxLength: 2 }) });
  const answer = fc.oneof(
    fc
      .record({ instructions: fc.array(step, { maxLength: 5 }), next_instruction_seconds: fc.constant(60) })
      .map((value) => JSON.stringify(value)),
    json,
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), async (answers) => {
      const fuzzed = await new World().open();
      try {
        const left = [...answers];
        fuzzed.react = (request) => {
          const kind = kindOf(request);
          if (kind === 'register') return registered();
          if (kind !== 'poll') return { status: 204, type: '' };
          const body = left.shift();
          return body === undefined ? instructions([]) : { status: 200, body };
        };
        fuzzed.boot();
        await fuzzed.run(3 * HOUR);
        const alive = fuzzed.seen.at(-1)!.at > 2 * HOUR;
        expect(alive || fuzzed.silent.length === 1).toBe(true);
      } finally {
        await fuzzed.close();
      }
    }),
    { numRuns: 25 },
  );
});
