/** Passes requests on to a server and writes each of them down. Streams pass through. */
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: IncomingHttpHeaders;
  /** 0 while there is no answer. */
  status: number;
  /** Its client went away before it was answered in full. */
  cutOff: boolean;
}

export class RecordingProxy {
  readonly requests: RecordedRequest[] = [];
  readonly #target: URL;
  readonly #server: Server;

  /** @param target base URL of the server, http */
  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      const { method = '', url: path = '', headers } = incoming;
      const record: RecordedRequest = { method, target: path, headers, status: 0, cutOff: false };
      this.requests.push(record);
      const { hostname, port } = this.#target;
      const onward = httpRequest({ hostname, port, method, path, headers }, (answer) => {
        record.status = answer.statusCode!;
        outgoing.writeHead(record.status, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      outgoing.on('close', () => {
        record.cutOff = !outgoing.writableFinished;
        onward.destroy();
      });
      incoming.pipe(onward);
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
