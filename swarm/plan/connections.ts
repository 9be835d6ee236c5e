/** How the connections of simulated machines are made: what a plan says and a transport obeys. */

/**
 * How connections are used. `per-poll` is what a stock agent does: every session has its own connections, which stay idle
 * for a while after use. The other two change the load and are named in the summary of a run.
 */
export const CONNECTION_MODES = ['per-poll', 'keep-alive', 'shared'] as const;
export type ConnectionMode = (typeof CONNECTION_MODES)[number];

/** Seconds for which a Go program leaves an idle connection open (net/http Transport.IdleConnTimeout;
 * assisted-installer-agent, src/session/inventory_session.go createBmInventoryClient). */
export const STOCK_IDLE_SECONDS = 90;

export interface TlsOptions {
  /** PEM of a CA that is trusted beside the system's. */
  ca?: string;
  /** Skip verification of the server's certificate. */
  insecure?: boolean;
}

/** The proxies in a program's environment. */
export interface ProxySettings {
  /** For http:// addresses: a URL, or host and port. */
  http?: string;
  https?: string;
  /** Who is reached without them: names, addresses and networks, with commas. */
  no?: string;
}
