/** How a kubeconfig gets a load to its cluster: authorities, names, certificates of clients, proxies. */
import { createServer as createHttpServer, request, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../../model/protocol/certificate-authority.ts';
import { BackupBench, optionsOf } from './testing/backup-bench.ts';

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function start(tls: boolean): Promise<BackupBench> {
  const bench = await BackupBench.start({ tls }, { patienceMs: 30_000 });
  closing.push(() => bench.close());
  return bench;
}

async function port(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const AUTHORITY = /certificate-authority-data: .*/;
/** Beside the authority of the cluster. */
const and = (line: string) => (kubeconfig: string) =>
  kubeconfig.replace(AUTHORITY, (authority) => `${authority}\n      ${line}`);
const instead = (line: string) => (kubeconfig: string) => kubeconfig.replace(AUTHORITY, line);
const asUser =
  (...lines: string[]) =>
  (kubeconfig: string) =>
    kubeconfig.replace(/token: .*/, lines.join('\n      '));
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a kubeconfig', () => {
  let bench: BackupBench;
  let foreign: string;
  beforeAll(async () => {
    bench = await start(true);
    foreign = base64((await CertificateAuthority.create('somebody else')).cert);
  });

  const TRUST = /cannot be trusted, or does not trust this client .*; certificate-authority-data, tls-server-name and/;
  it.each<[string, (kubeconfig: string) => string, RegExp]>([
    ['the authority of another cluster', (text) => instead(`certificate-authority-data: ${foreign}`)(text), TRUST],
    ['no authority', instead(''), /unable to verify the first certificate\); certificate-authority-data/],
    ['an authority that is none', instead('certificate-authority-data: Zm9v'), TRUST],
    [
      'an authority that is not there',
      instead('certificate-authority: /nowhere/ca.pem'),
      /was not asked: .*no such file or directory, open '\/nowhere\/ca\.pem'; correct the kubeconfig/,
    ],
    [
      'the name of another server',
      and('tls-server-name: elsewhere.example'),
      /cannot be trusted.*Host: elsewhere\.example\. is not in the cert's altnames/,
    ],
    [
      'a certificate of the client that is none',
      asUser('client-certificate-data: Zm9v', 'client-key-data: Zm9v'),
      TRUST,
    ],
    [
      'a certificate of the client that is not there',
      asUser('client-certificate: /nowhere/c.pem', 'client-key: /nowhere/k.pem'),
      /was not asked: .*'\/nowhere\/c\.pem'; correct the kubeconfig/,
    ],
    [
      'plain HTTP to a server of HTTPS',
      (text) => text.replace('https:', 'http:'),
      /cannot be reached \(.*\); check the kubeconfig, and whether the cluster is up/,
    ],
    [
      'a proxy that is not there',
      and('proxy-url: http://127.0.0.1:9'),
      /cannot be reached \(.*ECONNREFUSED 127\.0\.0\.1:9\); check the kubeconfig/,
    ],
  ])('with %s is refused', { timeout: 60_000 }, async (_, change, message) => {
    const text = change(bench.world.kubeconfig);
    expect(text).not.toBe(bench.world.kubeconfig);
    // What time may heal is tried again, what it does not is not.
    Object.assign(bench.settings, {
      kubeconfig: text,
      patienceMs: /cannot be reached/.test(message.source) ? 1_000 : 600_000,
    });
    const { writes } = bench;
    await expect(bench.run(optionsOf(2, {}))).rejects.toThrow(message);
    expect(bench.writes).toBe(writes);
  });
});

describe('a load gets through', () => {
  const LOAD = optionsOf(2, { waitMs: 600_000 });
  const expectBackedUp = ({ figures }: Awaited<ReturnType<BackupBench['run']>>) => {
    expect(figures.jobs).toMatchObject({ total: 2, succeeded: 2 });
    expect(figures.leftovers).toEqual([]);
  };

  it.each([
    ['without a look at the certificate', instead('insecure-skip-tls-verify: true')],
    ['under another name of the server', and('tls-server-name: localhost')],
  ])('%s', { timeout: 60_000 }, async (_, change) => {
    const bench = await start(true);
    Object.assign(bench.settings, { kubeconfig: change(bench.world.kubeconfig) });
    expectBackedUp(await bench.run(LOAD));
  });

  it('by a proxy, with all its requests and watches', { timeout: 60_000 }, async () => {
    const bench = await start(true);
    const asked: string[] = [];
    const proxy = createHttpServer().on('connect', ({ url = '' }, socket, head) => {
      asked.push(url);
      const [host = '', to] = url.split(':');
      const server = connect(Number(to), host, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        server.write(head);
        server.pipe(socket).pipe(server);
      });
      server.on('error', () => socket.destroy());
      socket.on('error', () => server.destroy());
    });
    // The name leads nowhere but by the proxy.
    const { host } = new URL(bench.world.url);
    const kubeconfig = and(`proxy-url: http://127.0.0.1:${await port(proxy)}`)(bench.world.kubeconfig);
    Object.assign(bench.settings, { kubeconfig });
    expectBackedUp(await bench.run(LOAD));
    expect(new Set(asked)).toEqual(new Set([host]));
  });

  it('with the certificate of a client, and not without', { timeout: 60_000 }, async () => {
    const bench = await start(false);
    const authority = await CertificateAuthority.create('front');
    const clients = await generate([{ name: 'commonName', value: 'clients' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
    });
    const client = await generate([{ name: 'commonName', value: 'loader' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'extKeyUsage', clientAuth: true }],
      ca: { key: clients.private, cert: clients.cert },
    });
    const names = new Set<unknown>();
    const { token } = bench.world;
    const to = new URL(bench.world.url);
    // As an API server with --client-ca-file, which asks for certificates and lets those without one say who they are in another way.
    const front = createHttpsServer(
      {
        ...(await authority.issue('server', ['127.0.0.1'])),
        ca: clients.cert,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (asked, answer) => {
        const { socket, url, method, headers } = asked as typeof asked & { socket: import('node:tls').TLSSocket };
        if (!socket.authorized) {
          answer.writeHead(401).end();
          return;
        }
        names.add(socket.getPeerCertificate().subject.CN);
        const { authorization: _none, ...rest } = headers;
        const authorized = { ...rest, authorization: `Bearer ${token}` };
        const passed = request({ host: to.hostname, port: to.port, path: url, method, headers: authorized }, (got) => {
          answer.writeHead(got.statusCode!, got.headers);
          got.pipe(answer);
        });
        passed.on('error', () => answer.destroy());
        answer.on('close', () => passed.destroy());
        asked.pipe(passed);
      },
    );
    const text = bench.world.kubeconfig
      .replace(
        /server: .*/,
        `server: https://127.0.0.1:${await port(front)}\n      certificate-authority-data: ${base64(authority.cert)}`,
      )
      .replace(/ *insecure-skip-tls-verify: .*\n/, '');
    const kubeconfig = asUser(
      `client-certificate-data: ${base64(client.cert)}`,
      `client-key-data: ${base64(client.private)}`,
    )(text);
    Object.assign(bench.settings, { kubeconfig: asUser('username: nobody')(text), patienceMs: 600_000 });
    await expect(bench.run(LOAD)).rejects.toThrow(/does not accept the credentials of the kubeconfig \(401\)/);
    expect(names.size).toBe(0);
    Object.assign(bench.settings, { kubeconfig });
    expectBackedUp(await bench.run(LOAD));
    expect(names).toEqual(new Set(['loader']));
  });
});
