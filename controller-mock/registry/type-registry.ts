import type { GroupResource } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { compareVersions } from '../api/versions.ts';

/** A served group with its versions in order of preference. */
export interface ServedGroup {
  group: string;
  versions: { version: string; types: ResourceType[] }[];
}

/** All kinds one cluster serves; CustomResourceDefinitions add and remove some while it runs. */
export class TypeRegistry {
  readonly #base: readonly ResourceType[];
  /** By `<group>/<version>/<plural>`. */
  readonly #types = new Map<string, ResourceType>();
  /** All versions of `<group>/<plural>`, preferred first. */
  readonly #byResource = new Map<string, ResourceType[]>();
  /** By `<group>/<kind>`, preferred version first. */
  readonly #byKind = new Map<string, ResourceType[]>();
  #groups: ServedGroup[] | undefined;
  #revision = 0;

  /** @param base the built-in kinds, shared by all clusters of the process. */
  constructor(base: readonly ResourceType[]) {
    this.#base = base;
    for (const type of base) this.#index(type);
  }

  /** Grows with every change, for caches of what is derived from the kinds. */
  get revision(): number {
    return this.#revision;
  }

  /** The kinds that all clusters share. */
  get base(): readonly ResourceType[] {
    return this.#base;
  }

  add(type: ResourceType): void {
    this.remove(type.group, type.version, type.plural);
    this.#index(type);
    this.#changed();
  }

  remove(group: string, version: string, plural: string): void {
    const type = this.#types.get(`${group}/${version}/${plural}`);
    if (!type) return;
    this.#types.delete(`${group}/${version}/${plural}`);
    for (const [map, key] of [
      [this.#byResource, `${group}/${plural}`],
      [this.#byKind, `${group}/${type.kind}`],
    ] as const) {
      const left = map.get(key)?.filter((entry) => entry !== type) ?? [];
      if (left.length > 0) map.set(key, left);
      else map.delete(key);
    }
    this.#changed();
  }

  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#types.get(`${group}/${version}/${plural}`);
  }

  /** The preferred version of a collection. */
  preferred(resource: GroupResource): ResourceType | undefined {
    return this.#byResource.get(`${resource.group}/${resource.resource}`)?.[0];
  }

  /** Every served version of a collection. */
  versionsOf(resource: GroupResource): readonly ResourceType[] {
    return this.#byResource.get(`${resource.group}/${resource.resource}`) ?? [];
  }

  /** @param version of the kind; the preferred one when absent or not served. */
  ofKind(group: string, kind: string, version?: string): ResourceType | undefined {
    const types = this.#byKind.get(`${group}/${kind}`);
    return types?.find((type) => type.version === version) ?? types?.[0];
  }

  /** Whether anything of `<group>/<version>` is served. */
  serves(group: string, version: string): boolean {
    return this.groups().some(
      (entry) => entry.group === group && entry.versions.some((served) => served.version === version),
    );
  }

  all(): IterableIterator<ResourceType> {
    return this.#types.values();
  }

  /** Core first, then the groups in the order they were added. */
  groups(): readonly ServedGroup[] {
    if (!this.#groups) {
      const groups = new Map<string, Map<string, ResourceType[]>>([['', new Map()]]);
      for (const type of this.#types.values()) {
        const versions = groups.get(type.group) ?? new Map<string, ResourceType[]>();
        groups.set(type.group, versions);
        const types = versions.get(type.version);
        if (types) types.push(type);
        else versions.set(type.version, [type]);
      }
      this.#groups = [...groups]
        .filter(([, versions]) => versions.size > 0)
        .map(([group, versions]) => ({
          group,
          versions: [...versions]
            .sort(([a], [b]) => compareVersions(a, b))
            .map(([version, types]) => ({ version, types })),
        }));
    }
    return this.#groups;
  }

  #index(type: ResourceType): void {
    this.#types.set(`${type.group}/${type.version}/${type.plural}`, type);
    for (const [map, key] of [
      [this.#byResource, `${type.group}/${type.plural}`],
      [this.#byKind, `${type.group}/${type.kind}`],
    ] as const) {
      const types = [...(map.get(key) ?? []), type];
      map.set(
        key,
        types.sort((a, b) => compareVersions(a.version, b.version)),
      );
    }
  }

  #changed(): void {
    this.#revision++;
    this.#groups = undefined;
  }
}
