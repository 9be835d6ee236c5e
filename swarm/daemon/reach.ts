/** Whether a service can be reached from here, step by step: name, connection, TLS, an answer, and how its clock goes. */
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import tls from 'node:tls';
import { Agent, request } from 'undici';
import { API_BASE } from '../../model/protocol/endpoints.ts';
import type { TlsOptions } from '../plan/connections.ts';
import { redactUrl } from '../plan/redact.ts';
import type { MachineCheck } from './machine-checks.ts';

/** Milliseconds for each step. */
const PATIENCE_MS = 10_000;
/** Requests whose times are told. */
const ASKED = 5;
/** A service's clock may be so many seconds from ours before hosts are told that theirs is wrong (assisted-service, ntp-synced). */
const SKEW_SECONDS = 60;
/** Days before its end at which a certificate is told of. */
const SOON_DAYS = 7;

const row = (check: Partial<MachineCheck> & Pick<MachineCheck, 'name' | 'has'>): MachineCheck => ({
  ...{ verdict: 'ok', needs: null, says: null, mend: null },
  ...check,
});

/** A row for each step; steps behind one that failed are not taken. */
export async function checkReach(baseUrl: string, tlsOptions: TlsOptions): Promise<MachineCheck[]> {
  const url = new URL(baseUrl);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (secure ? 443 : 80);
  const rows: MachineCheck[] = [];
  try {
    if (!net.isIP(host)) rows.push(await nameRow(host));
    rows.push(await connectionRow(host, port));
    if (secure) rows.push(await tlsRow(host, port, tlsOptions));
    rows.push(...(await answerRows(baseUrl, tlsOptions)));
  } catch (error) {
    if (!(error instanceof FailedStep)) throw error;
    rows.push(error.row);
  }
  return rows.map((one) => ({ ...one, name: `${redactUrl(baseUrl)}: ${one.name}` }));
}

/** A step that failed, as its row. */
class FailedStep extends Error {
  readonly row: MachineCheck;

  constructor(name: string, has: string, mend: string) {
    super(has);
    this.row = row({ name, has, verdict: 'short', says: 'no run can reach it from here', mend });
  }
}

async function nameRow(host: string): Promise<MachineCheck> {
  const before = performance.now();
  try {
    const addresses = await lookup(host, { all: true });
    const took = performance.now() - before;
    return row({
      name: 'name',
      has: `${addresses.map(({ address }) => address).join(', ')} in ${took.toFixed(0)} ms`,
      // Agents look it up for each connection.
      ...(took > 100 && {
        verdict: 'mind' as const,
        says: 'every new connection looks the name up, as real agents do, and waits for that',
        mend: `a name server on this machine, or a line in /etc/hosts`,
      }),
    });
  } catch (error) {
    throw new FailedStep('name', (error as Error).message, 'see /etc/resolv.conf, or give the address in its place');
  }
}

function timed(socket: net.Socket, event: string, name: string, mend: string): Promise<number> {
  const before = performance.now();
  return new Promise((resolve, reject) => {
    const fail = (text: string) => {
      socket.destroy();
      reject(new FailedStep(name, text, mend));
    };
    socket.setTimeout(PATIENCE_MS, () => fail(`nothing in ${PATIENCE_MS / 1000} s`));
    socket.once('error', (error) => fail(error.message));
    socket.once(event, () => resolve(performance.now() - before));
  });
}

async function connectionRow(host: string, port: number): Promise<MachineCheck> {
  const mend = 'see whether the service listens there, and what routes and firewalls are between';
  const socket = net.connect({ host, port });
  const took = await timed(socket, 'connect', 'connection', mend);
  socket.destroy();
  return row({ name: 'connection', has: `in ${took.toFixed(1)} ms` });
}

async function tlsRow(host: string, port: number, { ca, insecure }: TlsOptions): Promise<MachineCheck> {
  const socket = tls.connect({
    ...{ host, port, ALPNProtocols: ['http/1.1'], rejectUnauthorized: !insecure },
    ...(net.isIP(host) ? {} : { servername: host }),
    ...(ca !== undefined && { ca: [...tls.getCACertificates('system'), ...tls.getCACertificates('default'), ca] }),
  });
  const took = await timed(socket, 'secureConnect', 'TLS', 'give its authority with --ca, or --insecure');
  const end = Date.parse(socket.getPeerCertificate().valid_to);
  const days = (end - Date.now()) / 86_400_000;
  const soon = days < SOON_DAYS;
  const text = `${socket.getProtocol()} in ${took.toFixed(1)} ms, certificate until ${new Date(end).toISOString().slice(0, 10)}`;
  socket.destroy();
  return row({
    name: 'TLS',
    has: text,
    ...(soon && { verdict: 'mind' as const, says: 'its certificate ends soon', mend: 'renew it before a long run' }),
  });
}

async function answerRows(baseUrl: string, { ca, insecure }: TlsOptions): Promise<MachineCheck[]> {
  const connect = {
    rejectUnauthorized: !insecure,
    timeout: PATIENCE_MS,
    ...(ca !== undefined && { ca: [...tls.getCACertificates('system'), ...tls.getCACertificates('default'), ca] }),
  };
  const dispatcher = new Agent({ connect, connections: 1, headersTimeout: PATIENCE_MS });
  const path = `${API_BASE}/v2/component-versions`;
  const took: number[] = [];
  let status = 0;
  let skewSeconds: number | null = null;
  try {
    for (let n = 0; n < ASKED; n++) {
      const before = performance.now();
      const answer = await request(`${baseUrl.replace(/\/+$/, '')}${path}`, { dispatcher });
      await answer.body.dump();
      took.push(performance.now() - before);
      status = answer.statusCode;
      const date = Date.parse(String(answer.headers.date ?? ''));
      // It says whole seconds.
      if (!Number.isNaN(date)) skewSeconds = Math.round((date - Date.now()) / 1000);
    }
  } catch (error) {
    throw new FailedStep(
      'answer',
      `${path}: ${(error as Error).message}`,
      'see whether an assisted-service listens there',
    );
  } finally {
    await dispatcher.close();
  }
  took.sort((a, b) => a - b);
  const known = status === 200 || status === 401 || status === 403;
  const answer = row({
    name: 'answer',
    has: `${status} for ${path}, in ${took[ASKED >> 1]!.toFixed(1)} ms`,
    ...(!known && {
      verdict: 'short' as const,
      says: 'this is not what an assisted-service answers',
      mend: 'see whether the address is that of its API',
    }),
  });
  if (skewSeconds === null) return [answer];
  const far = Math.abs(skewSeconds) > SKEW_SECONDS;
  const clock = row({
    name: 'clock',
    has:
      Math.abs(skewSeconds) <= 1
        ? 'as here'
        : `${Math.abs(skewSeconds)} s ${skewSeconds > 0 ? 'before' : 'behind'} ours`,
    ...(far && {
      verdict: 'mind' as const,
      says: 'hosts have our clock: the service will say that they are out of time',
      mend: 'let both follow the same time server',
    }),
  });
  return [answer, clock];
}
