/** Who serves the kube-apis of installed clusters; the service looks into them to follow hosts of day 2. */

export interface SpokeCluster {
  /** Unique; a DNS label. */
  name: string;
  platform: 'none' | 'baremetal';
}

export interface SpokeHost {
  /** Of the host in the service. */
  id: string;
  /** Becomes the name of its node. */
  hostname: string;
  role: 'master' | 'arbiter' | 'worker';
  /** It joins after the installation. */
  day2: boolean;
  /** IP addresses without prefix length; at least one. */
  addresses: readonly string[];
  mac: string | null;
}

export interface SpokeServer {
  /**
   * Serves the kube-api of a cluster from now on; again for the same cluster gives the same, with the hosts of day 2 that are new.
   * @param hosts all of the cluster, at least one of the installation
   * @param approver who lets day-2 hosts in: the cluster's own machine approver knows hosts that have a Machine on bare metal,
   *   the service approves all others (assisted-service, internal/controller/controllers/agent_controller.go,
   *   shouldApproveCSRsForAgent)
   * @returns its kubeconfig, as YAML
   */
  open(cluster: SpokeCluster, hosts: readonly SpokeHost[], approver: 'cluster' | 'service'): Promise<string>;
  /** A host of day 2 boots from its disk. Nothing happens for hosts of no served cluster. @param id of the host. */
  hostRebooted(id: string): void;
  /** Serves it no longer. @param cluster its name */
  shut(cluster: string): Promise<void>;
}
