/** The transports of one worker: one for each way in which its machines trust servers. */
import type { TlsOptions } from '../plan/connections.ts';
import type { Transport, TransportOptions } from '../transport/transport.ts';
import { createUndiciTransport } from '../transport/undici.ts';

export class TransportSet {
  readonly #options: TransportOptions;
  readonly #transports = new Map<string, Transport>();

  /** @param options of all of them, but for `tls`, which is that of machines which do not say their own */
  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** @throws Error when `tls.ca` is no PEM certificate. */
  of(tls: TlsOptions | undefined): Transport {
    const { ca, insecure } = tls ?? this.#options.tls ?? {};
    const key = `${insecure ?? false} ${ca ?? ''}`;
    let transport = this.#transports.get(key);
    if (!transport) {
      transport = createUndiciTransport({
        ...this.#options,
        tls: { ...(ca !== undefined && { ca }), ...(insecure !== undefined && { insecure }) },
      });
      this.#transports.set(key, transport);
    }
    return transport;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
  }
}
