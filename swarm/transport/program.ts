/**
 * A program that opens connections. They outlive the requests and sessions that they were opened for, as idle ones, but not the
 * program: when a process ends, for whatever reason, or its machine shuts down, the kernel closes its sockets.
 *
 *   program ── session ── session ── session         one after the other, as an agent's polls
 *      └─────── connection ─── connection ──┘        those that are open
 */

/** A connection that a program has opened. */
export interface OwnConnection {
  /** Closes at once when it is idle, otherwise when its request is over. */
  retire(): void;
}

export class Program {
  /** Null when there are none: most programs wait most of the time. */
  #connections: OwnConnection[] | null = null;
  #ended = false;

  /** One was opened for it. */
  opened(connection: OwnConnection): void {
    if (this.#ended) {
      connection.retire();
      return;
    }
    this.#connections ??= [];
    this.#connections.push(connection);
  }

  /** One of its connections is closed. */
  closed(connection: OwnConnection): void {
    const connections = this.#connections;
    const at = connections?.indexOf(connection) ?? -1;
    if (!connections || at < 0) return;
    if (connections.length === 1) this.#connections = null;
    else connections.splice(at, 1);
  }

  /** The process is gone. What it has under way is aborted by `Session.abort`, or it closes when it is over. */
  end(): void {
    this.#ended = true;
    const connections = this.#connections ?? [];
    this.#connections = null;
    for (const connection of connections) connection.retire();
  }
}
