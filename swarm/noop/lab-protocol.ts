/** What a thread and its lab say to each other: one JSON text a line, over the lab's standard input and output. */

import type { NamedCluster } from '../host/names.ts';
import type { HostPlace } from '../telemetry/process-figures.ts';
import type { ProcessSample } from './process-sampler.ts';

/** A file of a host's own, below `/host`. */
export interface HostFile {
  /** Relative to `/host`, such as `sys/class/dmi/id/product_uuid`. */
  path: string;
  text: string;
  /** It is a symbolic link to this instead. */
  link?: string;
}

export interface LabNic {
  name: string;
  mac: string;
  mtu: number;
  /** CIDR texts. */
  addresses: readonly string[];
  /** What its routes show as the way out. */
  gateway?: string;
}

/** Everything that a host is made of. */
export interface HostStart {
  /** Number of the machine in this generator. */
  slot: number;
  hostname: string;
  nics: readonly LabNic[];
  files: readonly HostFile[];
  /** Hosts with the same text here see each other: `answers/peers` holds what all of them have brought. Absent for those that see nobody. */
  network?: string;
  /** Addresses of its own networks that lead out of the lab. */
  outside?: readonly string[];
  /** What its name server knows; null for nothing. */
  names: NamedCluster | null;
  /** Names below `/dev` of its disks. */
  devices: readonly string[];
  /** What its init runs. */
  command: readonly string[];
  /** It is started again whenever it ends; else the host ends with it. */
  restart: boolean;
  environment: Readonly<Record<string, string>>;
  /** As whose its figures are reported; nobody's when absent. */
  place?: HostPlace;
}

export type ToLab =
  | { type: 'setup'; setup: LabSetup }
  /** Lets hosts reach the outside at an address and port of the lab. */
  | { type: 'reach'; address: string; port: number }
  | { type: 'start'; host: HostStart }
  /** Appends to a file of a host that runs, which is made when it is not there. */
  | { type: 'append'; slot: number; file: HostFile }
  /** Kills the agent of a host, and nothing else of it. */
  | { type: 'kill'; slot: number }
  /** Ends a host at once, as if its power went. */
  | { type: 'stop'; slot: number };

export type FromLab =
  | { type: 'ready' }
  /** The lab cannot be; it ends. */
  | { type: 'refused'; message: string }
  /** Hosts can reach this; `message` says why not. */
  | { type: 'reached'; address: string; port: number; message?: string }
  /** All of the host's processes have ended; `message` when nobody asked for it. */
  | { type: 'ended'; slot: number; message?: string }
  /** A replaced command tells what happened, with what the host's files then hold. */
  | { type: 'event'; slot: number; words: string[]; files?: string[] }
  /** What all hosts' processes took so far, every few seconds and at the end. */
  | ({ type: 'figures' } & ProcessSample)
  /** Something is wrong with the lab as a whole, which goes on. */
  | { type: 'warning'; message: string };

export interface LabSetup {
  /** The folder of replaced commands. */
  patches: string;
  /** Stock programs by the name under which they are executed. */
  programs: Readonly<Record<string, string>>;
  /** The folder of the controller's manifests that the installer's image carries; null when no installer runs. */
  manifests: string | null;
  /** Path of the socket that carries hosts' connections outside; the first line of each is `SLOT ADDRESS:PORT`. */
  relay: string;
  /** Folder for the hosts' output. */
  logs: string;
  /** Wall-clock milliseconds between two looks at the hosts' processes and files. */
  lookMs: number;
  /**
   * Everything that hosts try to execute is written down beside their output, in `host-SLOT.commands` (see watched-commands.ts), and
   * what they tell journald in `journal.log`.
   */
  watch?: boolean;
}
