/**
 * A transport for tests that answers as the service would, without a network: the rules of stages, finalizing and
 * completion that installers and controllers depend on. Everything that is sent is kept.
 */

import type { ClusterStatus, HostRole, HostStage, HostStatus, OperatorStatus } from '../../../model/protocol/states.ts';
import type { Clock } from '../../../model/time/clock.ts';
import { filledRequest } from '../../transport/go-http.ts';
import {
  type PreparedRequest,
  type RequestTemplate,
  type Session,
  type SessionOptions,
  type Transport,
  TransportError,
  type WireRequest,
  type WireResponse,
} from '../../transport/transport.ts';

export interface ModelHost {
  id: string;
  name: string;
  role: HostRole;
  bootstrap: boolean;
  day2: boolean;
  status: HostStatus;
  stage: HostStage | null;
  nodeLabels?: string;
}

export interface ModelOperator {
  name: string;
  operator_type: 'builtin' | 'olm';
  status: OperatorStatus;
  status_info: string;
}

/** One request as it arrived. */
export interface Sent {
  /** Simulated milliseconds since the start. */
  at: number;
  client: string;
  machine: number;
  /** Number of the session it came on. */
  session: number;
  method: string;
  path: string;
  query: string;
  headers: Map<string, string>;
  body: string;
  status: number;
}

export interface Answer {
  status: number;
  body?: unknown;
  contentType?: string;
}

const STAGES: Record<'bootstrap' | 'master' | 'worker' | 'single', HostStage[]> = {
  bootstrap: [
    'Starting installation',
    'Installing',
    'Writing image to disk',
    'Waiting for control plane',
    'Waiting for bootkube',
    'Waiting for controller',
    'Rebooting',
    'Configuring',
    'Joined',
    'Done',
  ],
  master: [
    'Starting installation',
    'Installing',
    'Writing image to disk',
    'Rebooting',
    'Configuring',
    'Joined',
    'Done',
  ],
  worker: [
    'Starting installation',
    'Installing',
    'Writing image to disk',
    'Waiting for control plane',
    'Rebooting',
    'Waiting for ignition',
    'Configuring',
    'Joined',
    'Done',
  ],
  single: [
    'Starting installation',
    'Installing',
    'Waiting for bootkube',
    'Writing image to disk',
    'Rebooting',
    'Joined',
    'Done',
  ],
};

export class ModelService implements Transport {
  readonly sent: Sent[] = [];
  readonly hosts: ModelHost[] = [];
  readonly operators: ModelOperator[] = [
    { name: 'console', operator_type: 'builtin', status: 'progressing', status_info: '' },
    { name: 'cvo', operator_type: 'builtin', status: 'progressing', status_info: '' },
  ];
  kind = 'Cluster';
  /** Set to force a status. */
  status: ClusterStatus = 'installing';
  platform: { type: string } | null = { type: 'none' };
  finalizingStage = '';
  finalizingStageTimedOut = false;
  certificate = '';
  /** Keeps a cluster that could be installed in `finalizing`. */
  holdInstalled = false;
  customManifests: unknown = [];
  sessions = 0;
  released = 0;
  /** Replaces an answer; undefined lets the model answer. */
  fault: (sent: Sent) => Answer | TransportError | undefined = () => undefined;
  readonly #clock: Clock;
  readonly #start: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = clock.now();
  }

  openSession(options: SessionOptions): Session {
    const session = this.sessions++;
    const state = { aborted: false };
    return {
      request: async (request) => {
        if (state.aborted) throw new TransportError('aborted', 'aborted');
        return this.#respond(session, options, 'prepared' in request ? filledRequest(request) : request);
      },
      abort: () => {
        state.aborted = true;
      },
      get aborted() {
        return state.aborted;
      },
      end: () => {
        this.released += 1;
      },
      release: () => {
        this.released += 1;
      },
    };
  }

  prepare(template: RequestTemplate): PreparedRequest {
    return { template };
  }

  async close(): Promise<void> {}

  #respond(session: number, options: SessionOptions, request: WireRequest): WireResponse {
    if (request.signal?.aborted) throw new TransportError('aborted', 'aborted');
    const headers = new Map<string, string>();
    for (let at = 0; at < request.headers.length; at += 2) headers.set(request.headers[at]!, request.headers[at + 1]!);
    const [path = '', query = ''] = request.path.split('?');
    const sent: Sent = {
      at: this.#clock.now() - this.#start,
      client: options.client,
      machine: options.machine,
      session,
      method: request.method,
      path: path.replace('/api/assisted-install/v2/', ''),
      query,
      headers,
      body: request.body?.toString('latin1') ?? '',
      status: 0,
    };
    this.sent.push(sent);
    const answer = this.fault(sent) ?? this.answer(sent);
    if (answer instanceof TransportError) throw answer;
    sent.status = answer.status;
    const text = answer.contentType ? String(answer.body) : JSON.stringify(answer.body ?? null);
    const body = answer.body === undefined ? '' : text;
    return {
      status: answer.status,
      contentType: answer.contentType ?? 'application/json',
      body: Buffer.from(request.discardBody ? '' : body),
      bytesSent: 1,
      bytesReceived: 1,
      sentAt: 0,
      firstByteAt: 0,
      endAt: this.#clock.now(),
    };
  }

  /** What the service answers; changes its state. */
  answer(sent: Pick<Sent, 'method' | 'path' | 'query' | 'body'>): Answer {
    const route = `${sent.method} ${sent.path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '*')}`;
    switch (route) {
      case 'PUT infra-envs/*/hosts/*/progress':
        return this.#progress(sent.path.split('/')[3]!, JSON.parse(sent.body));
      case 'PUT infra-envs/*/hosts/*/logs-progress':
      case 'PUT clusters/*/logs-progress':
      case 'POST clusters/*/logs':
        return { status: 204 };
      case 'GET infra-env/*/hosts/*/downloads/ignition':
      case 'GET clusters/*/downloads/credentials':
        return { status: 200, body: {} };
      case 'GET clusters/*/downloads/files':
        return { status: 200, body: sent.query.endsWith('custom_manifests.json') ? this.customManifests : {} };
      case 'GET clusters/*':
        return { status: 200, body: this.#cluster(sent.query === 'exclude-hosts=false') };
      case 'GET clusters/*/hosts':
        return { status: 200, body: this.hosts.filter((host) => sent.query === `role=${host.role}`).map(wireHost) };
      case 'GET clusters/*/monitored-operators':
        return { status: 200, body: this.operators };
      case 'PUT clusters/*/monitored-operators': {
        const report = JSON.parse(sent.body);
        const operator = this.operators.find((one) => one.name === report.name);
        if (operator) Object.assign(operator, { status: report.status, status_info: report.status_info });
        return { status: operator ? 200 : 404 };
      }
      case 'PUT clusters/*/progress':
        this.finalizingStage = JSON.parse(sent.body).finalizing_stage;
        return { status: 200 };
      case 'POST clusters/*/uploads/ingress-cert':
        this.certificate = JSON.parse(sent.body);
        return { status: 201 };
      case 'POST clusters/*/actions/complete-installation':
        return { status: 202, body: {} };
      case 'POST events':
        return { status: 201, body: {} };
      default:
        throw new Error(`the model does not know ${route}`);
    }
  }

  #progress(id: string, body: { current_stage: HostStage }): Answer {
    const host = this.hosts.find((one) => one.id === id);
    if (!host) return { status: 404, body: { code: '404', reason: 'no such host' } };
    if (body.current_stage === 'Failed') {
      host.status = 'error';
      this.status = 'error';
      return { status: 200 };
    }
    const single = host.bootstrap && this.hosts.filter((one) => one.role !== 'worker').length === 1;
    const kind = single ? 'single' : host.bootstrap ? 'bootstrap' : host.role === 'worker' ? 'worker' : 'master';
    const list = STAGES[kind];
    const index = list.indexOf(body.current_stage);
    if (index < 0 || (host.stage && index < list.indexOf(host.stage))) {
      return { status: 409, body: { code: '409', reason: `${host.stage} to ${body.current_stage} is not allowed` } };
    }
    const done = body.current_stage === 'Done' || (host.day2 && body.current_stage === 'Rebooting');
    host.stage = done ? 'Done' : body.current_stage;
    host.status = done ? (host.day2 ? 'added-to-existing-cluster' : 'installed') : 'installing-in-progress';
    return { status: 200 };
  }

  #cluster(withHosts: boolean): unknown {
    this.#advance();
    return {
      status: this.status,
      kind: this.kind,
      ...(this.platform && { platform: this.platform }),
      progress: { finalizing_stage: this.finalizingStage, finalizing_stage_timed_out: this.finalizingStageTimedOut },
      ...(withHosts && { hosts: this.hosts.map(wireHost) }),
    };
  }

  #advance(): void {
    const installed = (role: HostRole) =>
      this.hosts.filter((host) => host.role === role && host.status === 'installed').length;
    const count = (role: HostRole) => this.hosts.filter((host) => host.role === role).length;
    if (this.status === 'installing') {
      const masters = installed('master') + installed('arbiter') === count('master') + count('arbiter');
      if (masters && installed('worker') >= Math.min(2, count('worker'))) this.status = 'finalizing';
    }
    const settled = this.operators.every(
      (one) => one.status === 'available' || (one.operator_type === 'olm' && one.status === 'failed'),
    );
    const hosts = this.hosts.every((host) => host.status === 'installed');
    if (this.status === 'finalizing' && settled && hosts && this.certificate && !this.holdInstalled)
      this.status = 'installed';
  }
}

function wireHost(host: ModelHost): unknown {
  return {
    id: host.id,
    status: host.status,
    role: host.role,
    infra_env_id: INFRA_ENV_ID,
    requested_hostname: host.name,
    progress: host.stage ? { current_stage: host.stage } : {},
    inventory: '{}',
    ...(host.nodeLabels && { node_labels: host.nodeLabels }),
  };
}

export const CLUSTER_ID = '5f0e0000-0000-4000-8000-000000000002';
export const INFRA_ENV_ID = '5f0e0000-0000-4000-8000-000000000001';
