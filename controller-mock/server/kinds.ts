import type { GroupResource, KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import type { DecodeProtobuf } from '../http/request-body.ts';
import type { Cluster } from '../registry/cluster.ts';

/** Something that follows the store and acts on it, as a controller of the control plane does. */
export interface Controller {
  stop(): void;
}

/** The kinds that a server is for, and the code that only they need: the server itself knows none of them. */
export interface ServerKinds {
  /** Kinds that are always served; made once and shared by all clusters. */
  types(): readonly ResourceType[];
  decodeProtobuf: DecodeProtobuf;
  /** What every new namespace gets. @param caPem of the authority that clients inside of the cluster trust */
  namespaceContents(namespace: string, caPem: string): { resource: GroupResource; object: KubeObject }[];
  /** Serves the kinds that definitions in the store describe. @param onChange is told the collection of a kind that changes or goes */
  customResources(cluster: Cluster, onChange: (collection: string) => void): Controller;
}
