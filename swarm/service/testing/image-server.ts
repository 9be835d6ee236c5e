/**
 * An image service in little: ISOs, boot artefacts and an iPXE script with sizes that tests choose, ranges as Go's
 * http.ServeContent has them, and failures on demand.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const INFRA_ENV = '11111111-2222-4333-8444-555555555555';

/** `none` lets one request pass. */
export type Failure = number | 'none' | 'reset' | 'truncate';

export interface Received {
  method: string;
  /** Last part of the path. */
  what: string;
  url: string;
  range: string | null;
  userAgent: string | null;
}

export class ImageServer {
  /** Bytes by last part of the path. */
  readonly sizes: Record<string, number> = {
    'full.iso': 2_500_000,
    'minimal.iso': 300_000,
    rootfs: 900_000,
    kernel: 120_000,
    'pxe-initrd': 200_000,
  };
  readonly received: Received[] = [];
  /** What becomes of the next requests for something, one each. */
  readonly failures = new Map<string, Failure[]>();
  /** Ranges are understood. */
  ranges = true;
  /** Replaces the script. */
  script: string | null = null;
  /** Most bytes that were written and not yet taken, of any response. */
  mostBuffered = 0;
  url = '';
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get isoUrl(): string {
    return `${this.url}/byid/${INFRA_ENV}/4.20/x86_64/full.iso`;
  }

  get minimalIsoUrl(): string {
    return `${this.url}/byid/${INFRA_ENV}/4.20/x86_64/minimal.iso`;
  }

  get scriptUrl(): string {
    return `${this.url}/api/assisted-install/v2/infra-envs/${INFRA_ENV}/downloads/files?file_name=ipxe-script`;
  }

  /** As the service writes it: assisted-service, internal/bminventory/inventory_v2_handlers.go. */
  bootScript(extra = ''): string {
    const query = 'arch=x86_64&version=4.20';
    const rootfs = `coreos.live.rootfs_url=${this.url}/boot-artifacts/rootfs?${query}`;
    return [
      '#!ipxe',
      `initrd --name initrd ${this.url}/images/${INFRA_ENV}/pxe-initrd?${query}`,
      `kernel ${this.url}/boot-artifacts/kernel?${query} initrd=initrd ${rootfs} random.trust_cpu=on ignition.firstboot${extra}`,
      'boot',
      '',
    ].join('\n');
  }

  /** What was asked for, in order: `HEAD full.iso`, `GET full.iso bytes=0-9`. */
  get story(): string[] {
    return this.received.map(({ method, what, range }) => [method, what, range].filter(Boolean).join(' '));
  }

  /** @param what name of a file, or its method and name */
  fail(what: string, ...failures: Failure[]): void {
    this.failures.set(what, failures);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.url);
    const what = url.pathname.split('/').at(-1)!;
    const { method = '', headers } = request;
    this.received.push({
      method,
      what,
      url: request.url!,
      range: headers.range ?? null,
      userAgent: headers['user-agent'] ?? null,
    });
    const failure = (this.failures.get(`${method} ${what}`) ?? this.failures.get(what))?.shift();
    if (failure === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if (typeof failure === 'number') {
      response.writeHead(failure).end();
      return;
    }
    if (what === 'files') {
      response.end(this.script ?? this.bootScript());
      return;
    }
    const size = this.sizes[what];
    if (size === undefined) {
      response.writeHead(404).end();
      return;
    }
    const match = this.ranges ? /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') : null;
    const from = Number(match?.[1] ?? 0);
    const to = Math.min(Number(match?.[2] ?? size - 1), size - 1);
    response.writeHead(match ? 206 : 200, {
      'content-length': to - from + 1,
      ...(match && { 'content-range': `bytes ${from}-${to}/${size}` }),
    });
    if (method === 'HEAD') {
      response.end();
      return;
    }
    await this.#write(response, to - from + 1, failure === 'truncate');
  }

  async #write(response: ServerResponse, bytes: number, truncate: boolean): Promise<void> {
    const piece = Buffer.alloc(16 * 1024);
    const gone = once(response, 'close').catch(() => {});
    const most = truncate ? Math.floor(bytes / 2) : bytes;
    for (let sent = 0; sent < most && !response.destroyed; sent += piece.length) {
      const more = response.write(piece.subarray(0, Math.min(piece.length, most - sent)));
      this.mostBuffered = Math.max(this.mostBuffered, response.writableLength);
      if (!more) await Promise.race([once(response, 'drain').catch(() => {}), gone]);
    }
    if (truncate) response.destroy();
    else response.end();
  }
}
