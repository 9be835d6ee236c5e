/** Hosts whose whole traffic is a list that a test can change before it goes over the wire. */
import type { AgentKind } from '../../plan/expanded-plan.ts';
import type { TrafficProfile } from '../../telemetry/traffic/traffic-profile.ts';
import { TrafficRecorder, tapTraffic } from '../../telemetry/traffic/traffic-recorder.ts';

export interface SentRequest {
  /** Seconds after the boot of the host. */
  at: number;
  /** Name of the connection; one is opened when it is first used and closed 90 s after its last use. */
  connection: string;
  /** Of the controller and not of the host. */
  controller?: boolean;
  method: string;
  path: string;
  headers: [name: string, value: string][];
  body: string;
  /** Of the response; 200 unless given. */
  status?: number;
  response: string;
}

const API = '/api/assisted-install/v2';
const IDLE_SECONDS = 90;

const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const headersOf = (body: string): [string, string][] => [
  ['Host', '198.18.0.1:8090'],
  ['User-Agent', 'Go-http-client/1.1'],
  ...(body === '' ? [] : ([['Content-Length', String(body.length)]] as [string, string][])),
  ['Accept', 'application/json'],
  ...(body === '' ? [] : ([['Content-Type', 'application/json']] as [string, string][])),
  ['X-Request-Id', uuid(7)],
  ['X-Secret-Key', ''],
  ['Accept-Encoding', 'gzip'],
];

/** What a host sends from its boot to its reboot, and the controller after it. */
export function hostRequests(number: number): SentRequest[] {
  const list: SentRequest[] = [];
  const host = `/infra-envs/${uuid(1)}/hosts/${uuid(number)}`;
  const send = (at: number, connection: string, method: string, path: string, body: object | null, response = '{}') => {
    const text = body ? `${JSON.stringify(body)}\n` : '';
    const controller = connection === 'controller';
    list.push({
      ...{ at, connection, method, path: API + path, body: text, headers: headersOf(text), response },
      ...(controller && { controller }),
    });
  };
  send(0, 'register', 'POST', `/infra-envs/${uuid(1)}/hosts`, { host_id: uuid(number) });
  for (let poll = 0; poll < 8; poll++) {
    const at = 2 + poll * 60;
    const steps = ['inventory', ...(poll === 6 ? ['install'] : [])];
    const answer = { instructions: steps.map((step_type) => ({ step_type })), next_instruction_seconds: 60 };
    send(at, `poll ${poll}`, 'GET', `${host}/instructions?timestamp=17900${10_000 + at}`, null, JSON.stringify(answer));
    const inventory = JSON.stringify({ hostname: 'h', disks: [{ name: 'sda', size_bytes: 120e9 + number }] });
    send(at + 1, `poll ${poll}`, 'POST', `${host}/instructions`, { output: inventory, step_type: 'inventory' });
  }
  for (const [at, stage] of Object.entries({
    400: 'Starting installation',
    420: 'Writing image to disk',
    460: 'Rebooting',
  }))
    send(Number(at), 'installer', 'PUT', `${host}/progress`, { current_stage: stage });
  for (let at = 470; at < 600; at += 20) send(at, 'controller', 'GET', `/clusters/${uuid(2)}/hosts`, null, '[]');
  send(595, 'controller', 'PUT', `/clusters/${uuid(2)}/progress`, { finalizing_stage: 'Done' });
  return list;
}

/** @param change what these hosts do otherwise */
export function recordTraffic(
  kind: AgentKind,
  hosts = 2,
  change: (requests: SentRequest[]) => SentRequest[] = (requests) => requests,
): TrafficProfile[] {
  const recorder = new TrafficRecorder();
  for (let host = 0; host < hosts; host++) {
    const requests = change(hostRequests(host + 10)).toSorted((a, b) => a.at - b.at);
    const open = new Map<string, { tap: ReturnType<typeof tapTraffic>; lastAt: number }>();
    let now = 0;
    const clock = () => 1000 * (now + host * 10_000);
    for (const request of requests) {
      now = request.at;
      let connection = open.get(request.connection);
      if (!connection) {
        const source = { kind, shape: 'SNO', cluster: host, host: request.controller ? null : host };
        connection = { tap: tapTraffic(recorder.connection(source, clock), clock), lastAt: now };
        open.set(request.connection, connection);
      }
      connection.tap.sent(Buffer.from(bytesOf(request)));
      connection.tap.received(
        Buffer.from(
          `HTTP/1.1 ${request.status ?? 200} OK\r\nContent-Type: application/json\r\nContent-Length: ${request.response.length}\r\n\r\n${request.response}`,
        ),
      );
      connection.lastAt = now;
    }
    for (const { tap, lastAt } of open.values()) {
      now = lastAt + IDLE_SECONDS;
      tap.closed();
    }
  }
  return recorder.profiles();
}

function bytesOf({ method, path, headers, body }: SentRequest): string {
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method} ${path} HTTP/1.1\r\n${fields}\r\n${body}`;
}
