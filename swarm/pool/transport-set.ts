/** The transports of one worker: one for each way in which its machines reach and trust servers. */
import type { ProxySettings, TlsOptions } from '../plan/connections.ts';
import type { Transport, TransportOptions } from '../transport/transport.ts';
import { createWireTransport } from '../transport/wire.ts';

export class TransportSet {
  readonly #options: TransportOptions;
  readonly #transports = new Map<string, Transport>();

  /** @param options of all of them, but for `tls`, which is that of machines which do not say their own */
  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** @throws Error when `tls.ca` is no PEM certificate, RangeError for a proxy that is neither http nor https. */
  of(tls: TlsOptions | undefined, proxy: ProxySettings | undefined): Transport {
    const { ca, insecure } = tls ?? this.#options.tls ?? {};
    const key = JSON.stringify([insecure ?? false, ca ?? '', proxy?.http, proxy?.https, proxy?.no]);
    let transport = this.#transports.get(key);
    if (!transport) {
      transport = createWireTransport({
        ...this.#options,
        tls: { ...(ca !== undefined && { ca }), ...(insecure !== undefined && { insecure }) },
        ...(proxy && { proxy }),
      });
      this.#transports.set(key, transport);
    }
    return transport;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
  }
}
