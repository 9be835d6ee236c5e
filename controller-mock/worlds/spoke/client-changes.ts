/** What clients do to the objects of a spoke, told to its timeline: the way back from objects. */
import type { CertificateRequest } from '../../../model/spoke/stages.ts';
import type { SpokeTimeline } from '../../../model/spoke/timeline.ts';
import type { KubeObject } from '../../api/object.ts';
import type { StoreChange } from '../../store/store.ts';
import { DNS_ADDRESS } from './cluster-objects.ts';
import { collectionOf, RESOURCES } from './kinds.ts';
import { bareMetalStatus, PAUSED_ANNOTATION } from './node-objects.ts';
import type { ObjectHost } from './object-host.ts';
import type { OperatorObjects } from './operator-objects.ts';
import type { SpokeObjects } from './spoke-objects.ts';

const ADOPTED = 'externally provisioned';

export class ClientChanges {
  readonly #timeline: SpokeTimeline<ObjectHost>;
  readonly #objects: SpokeObjects;
  readonly #operators: OperatorObjects;
  /** Requests without a certificate, by the name of the object. */
  readonly #requests = new Map<string, CertificateRequest<ObjectHost>>();
  readonly #names = new WeakMap<CertificateRequest<ObjectHost>, string>();
  /** Hosts that are about to be adopted, as `namespace/name`. */
  readonly #adopting = new Set<string>();

  constructor(timeline: SpokeTimeline<ObjectHost>, objects: SpokeObjects, operators: OperatorObjects) {
    this.#timeline = timeline;
    this.#objects = objects;
    this.#operators = operators;
  }

  /** The object of this name stands for the request. */
  expect(name: string, request: CertificateRequest<ObjectHost>): void {
    this.#requests.set(name, request);
    this.#names.set(request, name);
  }

  /** Name of the object that stands for a request; empty when there is none. */
  nameOf(request: CertificateRequest<ObjectHost>): string {
    return this.#names.get(request) ?? '';
  }

  /** The request has its certificate. Returns the name of the object. */
  issued(request: CertificateRequest<ObjectHost>): string {
    const name = this.nameOf(request);
    this.#requests.delete(name);
    return name;
  }

  follow({ collection, type, record }: StoreChange): void {
    const { object } = record;
    const deleted = type === 'DELETED';
    switch (collection) {
      case collectionOf('csrs'):
        if (!deleted) this.#followCsr(object);
        break;
      case collectionOf('nodes'):
        if (type !== 'MODIFIED') this.#followNode(object.metadata.name ?? '', deleted);
        break;
      case collectionOf('jobs'):
      case collectionOf('installPlans'):
        if (deleted) this.#operators.deleted(object.metadata.uid ?? '');
        break;
      case collectionOf('services'):
        if (deleted && (object.spec as { clusterIP?: string }).clusterIP === DNS_ADDRESS) {
          this.#timeline.dnsAddressFreed();
        }
        break;
      case collectionOf('bareMetalHosts'):
        if (!deleted) this.#followBareMetalHost(object);
        break;
    }
  }

  /** An approved request gets its certificate, also one that is not of a host. */
  #followCsr(csr: KubeObject): void {
    const name = csr.metadata.name ?? '';
    const status = csr.status as { conditions?: { type: string }[]; certificate?: string } | undefined;
    if (status?.certificate || !status?.conditions?.some((condition) => condition.type === 'Approved')) return;
    let request = this.#requests.get(name);
    if (!request) {
      request = this.#timeline.strangersRequest();
      this.expect(name, request);
    }
    this.#timeline.certificateApproved(request);
  }

  #followNode(name: string, deleted: boolean): void {
    for (const member of this.#timeline.cluster.members.values()) {
      if (member.host.nodeName === name) this.#timeline.setNodeDeleted(member, deleted);
    }
  }

  /** A host that is given away and not paused is adopted. */
  #followBareMetalHost(host: KubeObject): void {
    const { namespace = '', name = '' } = host.metadata;
    const key = `${namespace}/${name}`;
    if (!isGivenAway(host) || this.#adopting.has(key)) return;
    this.#adopting.add(key);
    this.#timeline.react(() => {
      this.#adopting.delete(key);
      const now = this.#objects.get(RESOURCES.bareMetalHosts, namespace, name);
      if (!now || !isGivenAway(now)) return;
      this.#objects.modify(RESOURCES.bareMetalHosts, namespace, name, (draft) => {
        draft.status = bareMetalStatus(ADOPTED);
      });
    });
  }
}

function isGivenAway(host: KubeObject): boolean {
  const spec = host.spec as { externallyProvisioned?: boolean };
  const status = host.status as { provisioning?: { state?: string } } | undefined;
  const paused = host.metadata.annotations?.[PAUSED_ANNOTATION] !== undefined;
  return spec.externallyProvisioned === true && !paused && status?.provisioning?.state !== ADOPTED;
}
