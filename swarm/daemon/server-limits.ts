/** How much the daemon lets clients take of it, so that whatever they do, a run goes on beside them. */

export interface ServerLimits {
  /** Bytes of a body. */
  bodyBytes: number;
  /** Bytes of a request's head. */
  headerBytes: number;
  /** Connections at a time; further ones are closed at once. They must fit into the files that a run leaves free (connection-budget.ts). */
  connections: number;
  /** Websockets at a time; further ones are answered 503. */
  websockets: number;
  /** Bytes of a websocket message; clients have nothing to say there. */
  messageBytes: number;
  /** Requests in a second from one address. */
  requestsPerSecond: number;
  /** The same for each route that looks at every host or every counter. */
  heavyRequestsPerSecond: number;
  /** Milliseconds for a request's head to arrive, counted from the connection or the request before. */
  headersMs: number;
  /** Milliseconds for a whole request to arrive. */
  requestMs: number;
  /** Milliseconds without a byte in either direction after which a connection is closed, also when its peer does not read. */
  silenceMs: number;
  /** Milliseconds between looks at the two limits of arriving requests. */
  checkMs: number;
  /** Milliseconds between pings of a websocket; who did not answer the last one is cut off. */
  pingMs: number;
  /** Milliseconds that connections have to end when the server closes. */
  closeMs: number;
}

export const SERVER_LIMITS: Readonly<ServerLimits> = {
  bodyBytes: 4 << 20,
  headerBytes: 16 << 10,
  connections: 256,
  // What is left is for whoever asks for anything else.
  websockets: 224,
  messageBytes: 4 << 10,
  requestsPerSecond: 500,
  heavyRequestsPerSecond: 20,
  headersMs: 10_000,
  requestMs: 30_000,
  silenceMs: 60_000,
  checkMs: 1_000,
  pingMs: 30_000,
  closeMs: 1_000,
};
