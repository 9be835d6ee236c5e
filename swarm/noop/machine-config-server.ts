/**
 * The machine-config servers of clusters that no-op hosts join: one server for all of a thread, told apart by the name that is
 * asked. Stock agents of day 2 fetch their ignition there before they may be installed
 * (assisted-installer-agent, src/apivip_check/apivip_check.go).
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addressOfName, type NamedCluster } from '../host/names.ts';
import { type GrowingCluster, workerIgnition } from '../host/worker-ignition.ts';

/** A cluster that hosts may join. */
export type JoinedCluster = NamedCluster & { name: string };

/** How hosts of a lab reach the server of their cluster. */
export interface ServedIgnition {
  url: string;
  /** Of the cluster's API, in its machine network. */
  address: string;
  at: { host: string; port: number };
}

/** Its port for HTTP: assisted-service, internal/host/hostcommands/api_vip_connectivity_check_cmd.go. */
const PORT = 22_624;

export class MachineConfigServer {
  /** By the name or address of the cluster's API. */
  readonly #clusters = new Map<string, GrowingCluster>();
  #server: Promise<Server> | null = null;

  /** Serves a cluster from now on. @throws Error when no port is free */
  async serve(cluster: JoinedCluster): Promise<ServedIgnition> {
    const { name, baseDomain, apiVip } = cluster;
    const domain = `${name}.${baseDomain}`;
    const address = addressOfName(`api.${domain}`, cluster)!;
    for (const host of [`api.${domain}`, address]) this.#clusters.set(host, { domain, apiVip });
    this.#server ??= this.#listen();
    const { port } = (await this.#server).address() as AddressInfo;
    return { url: `http://${address}:${PORT}`, address, at: { host: '127.0.0.1', port } };
  }

  async close(): Promise<void> {
    const server = await this.#server?.catch(() => null);
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  #listen(): Promise<Server> {
    const server = createServer((request, response) => {
      const found = request.method === 'GET' && /^\/config\/[\w.-]+$/.test(request.url ?? '');
      if (!found) {
        response.writeHead(404).end();
        return;
      }
      const ignition = workerIgnition(this.#clusterOf(request.headers.host ?? ''));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ignition));
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(server));
    });
  }

  /** Of one that nobody has planned here its name tells what there is to tell. */
  #clusterOf(host: string): GrowingCluster {
    const name = host.replace(/:\d+$/, '').toLowerCase();
    return this.#clusters.get(name) ?? { domain: name.replace(/^api\./, ''), apiVip: null };
  }
}
