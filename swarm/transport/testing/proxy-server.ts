/** A forward proxy for tests: absolute addresses and CONNECT, to this machine whatever name is asked for. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';

export interface ProxyRequest {
  /** `GET http://service.example.com:8090/path` or `CONNECT service.example.com:443`. */
  line: string;
  /** As they came, name and value in turn. */
  headers: string[];
}

export class ProxyServer {
  readonly requests: ProxyRequest[] = [];
  /** Answers this status to everything instead of forwarding. */
  refuses: number | null = null;
  /** Port on this machine that stands behind a name; the port that was asked for when it is absent. */
  readonly ports = new Map<string, number>();
  readonly #server: Server;
  /** Speaks TLS with clients when there is a certificate. */
  readonly #front: net.Server;
  readonly #sockets = new Set<net.Socket>();

  constructor(certificate?: { key: string; cert: string }) {
    this.#server = createServer((incoming, response) => this.#forward(incoming, response));
    this.#server.on('connect', (incoming: IncomingMessage, socket: net.Socket) => this.#tunnel(incoming, socket));
    const serve = (socket: net.Socket) => {
      this.#keep(socket);
      this.#server.emit('connection', socket);
    };
    this.#front = certificate ? tls.createServer(certificate, serve) : net.createServer(serve);
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#front.listen(0, '127.0.0.1', resolve));
    return (this.#front.address() as net.AddressInfo).port;
  }

  close(): void {
    this.#front.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }

  #portOf(host: string, port: string): number {
    return this.ports.get(host) ?? Number(port);
  }

  #note({ method, url, rawHeaders }: IncomingMessage): void {
    this.requests.push({ line: `${method} ${url}`, headers: rawHeaders });
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    this.#note(incoming);
    if (this.refuses !== null) {
      response.writeHead(this.refuses).end();
      return;
    }
    const { hostname, port, pathname, search } = new URL(incoming.url!);
    const { 'proxy-authorization': _credentials, ...headers } = incoming.headers;
    const forward = request(
      {
        host: '127.0.0.1',
        port: this.#portOf(hostname, port || '80'),
        method: incoming.method,
        path: pathname + search,
        headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    forward.on('error', () => response.writeHead(502).end());
    incoming.pipe(forward);
  }

  #tunnel(incoming: IncomingMessage, socket: net.Socket): void {
    this.#note(incoming);
    if (this.refuses !== null) {
      socket.end(`HTTP/1.1 ${this.refuses} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port = ''] = incoming.url!.split(':');
    const onward = net.connect(this.#portOf(host, port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    this.#keep(onward);
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
  }
}
