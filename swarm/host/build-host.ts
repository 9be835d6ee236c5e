/** Builds the simulated machine of a plan's host. */

import { goJson } from '../../model/protocol/go-json.ts';
import { hashWords, mixWords, unitNumber } from '../../model/time/random.ts';
import type { ClusterPlan, HostPlan } from '../plan/expanded-plan.ts';
import type { BuildHost, ForcedIdentity, Host, HostIdentity, HostNic } from './host.ts';
import {
  addressesOf,
  bmcAddressOf,
  buildIdentity,
  diskNamesOf,
  hostIdOf,
  hostnameOf,
  macOf,
  serialOf,
} from './identity.ts';
import { type InventoryTemplate, inventoryTemplate, nicsOf, renderInventory } from './inventory.ts';
import { lesserProfile } from './lesser-profile.ts';
import { profileNamed } from './profiles.ts';

/**
 * A machine that keeps its id and makes everything else when it is asked: a hundred thousand machines wait at the same time, and few
 * of them are being asked at any moment.
 */
class GeneratedHost implements Host {
  readonly plan: HostPlan;
  readonly #id: string;
  readonly #seed: string;
  readonly #cluster: ClusterPlan;
  readonly #forced: ForcedIdentity | undefined;
  readonly #template: InventoryTemplate;
  /** Of the host whose motherboard serial it has: its own, but for a duplicate. */
  readonly #serialIndex: number;

  constructor(seed: string, cluster: ClusterPlan, plan: HostPlan, forced: ForcedIdentity | undefined) {
    this.plan = plan;
    this.#seed = seed;
    this.#cluster = cluster;
    const profile = profileNamed(plan.profile);
    const { fault } = plan;
    this.#forced =
      fault?.kind === 'duplicate-hostname'
        ? { hostname: hostnameOf(cluster, cluster.hosts[fault.of]!), ...forced }
        : forced;
    this.#template = inventoryTemplate(fault?.kind === 'hardware' ? lesserProfile(profile, fault) : profile);
    this.#serialIndex = fault?.kind === 'duplicate-id' ? cluster.hosts[fault.of]!.index : plan.index;
    this.#id = hostIdOf(seed, this.#serialIndex, forced);
    // What cannot be is told at once.
    addressesOf(cluster, plan, forced);
  }

  get identity(): HostIdentity {
    return buildIdentity({
      id: this.#id,
      seed: this.#seed,
      cluster: this.#cluster,
      host: this.plan,
      serial: serialOf(this.#seed, this.#serialIndex),
      primarySlot: this.#primarySlot,
      ...(this.#forced && { forced: this.#forced }),
    });
  }

  get nics(): readonly HostNic[] {
    return nicsOf(this.#template, {
      addresses: addressesOf(this.#cluster, this.plan, this.#forced),
      mac: (slot) => this.#mac(slot),
    });
  }

  get installationDisk(): string {
    const { slot, mark, text } = this.#template.installationDisk;
    return text(diskNamesOf(this.#seed, this.plan.index, slot, mark));
  }

  inventory(): string {
    return renderInventory(this.#template, {
      hostname: goJson(this.#forced?.hostname ?? hostnameOf(this.#cluster, this.plan)).slice(1, -1),
      serial: serialOf(this.#seed, this.#serialIndex),
      bmc: bmcAddressOf(this.#seed, this.plan.index),
      addresses: addressesOf(this.#cluster, this.plan, this.#forced),
      mac: (slot) => this.#mac(slot),
      disk: (slot, mark) => diskNamesOf(this.#seed, this.plan.index, slot, mark),
    });
  }

  random(purpose: string, ordinal: number): number {
    const own = mixWords(hashWords(this.#seed), this.plan.index);
    const topic = hashWords(purpose);
    return unitNumber(mixWords({ a: own.a ^ topic.a, b: own.b ^ topic.b }, ordinal));
  }

  get #primarySlot(): number {
    return this.#template.macSlots[this.#template.primary]!;
  }

  #mac(slot: number): string {
    const forced = slot === this.#primarySlot ? this.#forced?.mac : undefined;
    return forced ?? macOf(this.#seed, this.plan.index, slot);
  }
}

/**
 * The machine of a host plan. The same arguments always give a machine with the same bytes. `identity`, `nics`, `installationDisk` and
 * `inventory()` are made anew on every use and not kept.
 * @throws RangeError for an unknown hardware profile, a machine network that is too small, or a malformed forced address.
 */
export const buildHost: BuildHost = (seed, cluster, host, forced) => new GeneratedHost(seed, cluster, host, forced);
