/** Who is in the networks of a lab: files that the replaced commands of their hosts read, which grow with the hosts. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class NetworkPeers {
  readonly #root: string;
  /** Hardware addresses of the hosts of a network, by their addresses. */
  readonly #networks = new Map<string, { file: string; peers: Map<string, string> }>();

  /** @param root of the lab */
  constructor(root: string) {
    this.#root = root;
  }

  /** Adds to the peers of a network. @param text a line `ADDRESS MAC` each @returns where its hosts find them all */
  meet(network: string, text: string): string {
    let known = this.#networks.get(network);
    if (!known) {
      known = { file: `/peers/${this.#networks.size}`, peers: new Map() };
      this.#networks.set(network, known);
    }
    const { file, peers } = known;
    for (const line of text.split('\n').filter((one) => one !== '')) {
      const [address, mac] = line.split(' ') as [string, string];
      peers.set(address, mac);
    }
    const lines = [...peers].map(([address, mac]) => `${address} ${mac}\n`);
    // Whoever reads it meanwhile reads the former one.
    const path = join(this.#root, file);
    writeFileSync(`${path}.new`, lines.join(''));
    renameSync(`${path}.new`, path);
    return file;
  }
}
