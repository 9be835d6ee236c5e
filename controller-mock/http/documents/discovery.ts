/**
 * Discovery documents, plain and aggregated: kubernetes/apiserver, pkg/endpoints/discovery (root.go, group.go, version.go) and
 * pkg/endpoints/discovery/aggregated/handler.go resourceDiscoveryManager.
 */

import { apiVersionOf } from '../../api/object.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import type { ServedGroup, TypeRegistry } from '../../registry/type-registry.ts';

/** `/api` */
export function coreVersions(address: string) {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

function groupEntry({ group, versions }: ServedGroup) {
  const entries = versions.map(({ version }) => ({ groupVersion: apiVersionOf({ group, version }), version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

/** `/apis` */
export function groupList(registry: TypeRegistry) {
  const groups = registry.groups().filter(({ group }) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupEntry) };
}

/** `/apis/<group>`; undefined if it is not served. */
export function singleGroup(registry: TypeRegistry, group: string) {
  const served = registry.groups().find((entry) => entry.group === group);
  return served && { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(served) };
}

/** `/api/v1`, `/apis/<group>/<version>`; undefined if it is not served. */
export function resourceList(registry: TypeRegistry, group: string, version: string) {
  const types = typesOf(registry, group, version);
  if (!types) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version }),
    resources: types.flatMap((type) => [
      {
        name: type.plural,
        singularName: type.singular,
        namespaced: type.namespaced,
        kind: type.kind,
        verbs: type.verbs,
        ...(type.shortNames.length > 0 && { shortNames: type.shortNames }),
        ...(type.categories.length > 0 && { categories: type.categories }),
      },
      ...type.subresources.map((subresource) => ({
        name: `${type.plural}/${subresource.name}`,
        singularName: '',
        namespaced: type.namespaced,
        ...(subresource.version && { group: subresource.group ?? '', version: subresource.version }),
        kind: subresource.kind ?? type.kind,
        verbs: subresource.verbs,
      })),
    ]),
  };
}

function typesOf(registry: TypeRegistry, group: string, version: string): ResourceType[] | undefined {
  return registry
    .groups()
    .find((entry) => entry.group === group)
    ?.versions.find((entry) => entry.version === version)?.types;
}

/** `/api` (core alone) and `/apis` (all others) for clients that take everything in one answer. */
export function aggregated(registry: TypeRegistry, core: boolean, apiVersion: 'v2' | 'v2beta1') {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${apiVersion}`,
    metadata: {},
    items: registry
      .groups()
      .filter(({ group }) => (group === '') === core)
      .map(({ group, versions }) => ({
        metadata: { ...(group && { name: group }), creationTimestamp: null },
        versions: versions.map(({ version, types }) => ({
          version,
          resources: types.map(aggregatedResource),
          freshness: 'Current',
        })),
      })),
  };
}

function aggregatedResource(type: ResourceType) {
  const { group, version, kind } = type;
  return {
    resource: type.plural,
    responseKind: { group, version, kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length > 0 && { shortNames: type.shortNames }),
    ...(type.categories.length > 0 && { categories: type.categories }),
    ...(type.subresources.length > 0 && {
      subresources: type.subresources.map((subresource) => ({
        subresource: subresource.name,
        responseKind: {
          group: subresource.group ?? group,
          version: subresource.version ?? version,
          kind: subresource.kind ?? kind,
        },
        verbs: subresource.verbs,
      })),
    }),
  };
}
