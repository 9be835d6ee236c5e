/** What one host's connectivity report says, as the rules need it. */
import type { IpAddress } from './networks.ts';

export interface RemoteHost {
  readonly hostId: string;
  /** Addresses reached on layer 2 and 3. */
  readonly l2: readonly IpAddress[];
  readonly l3: readonly IpAddress[];
  readonly l3Texts: readonly string[];
}

/** A layer 3 measurement that may break a limit. */
export interface SlowPath {
  readonly hostId: string;
  readonly address: string;
  readonly rttMs: number;
  readonly lossPercent: number;
}

/** What rules need of one host's report. */
export interface ConnectivityFacts {
  readonly remotes: readonly RemoteHost[];
  readonly slow: readonly SlowPath[];
  readonly brokenMtu: readonly { readonly nic: string; readonly address: string }[];
  /** Addresses that answered with more than one MAC on one NIC. */
  readonly collisions: ReadonlyMap<string, readonly string[]>;
}
