/**
 * How a workspace is reached: devfile/devworkspace-operator, controllers/controller/devworkspacerouting/solvers/common.go and
 * basic_solver.go.
 */

import type { KubeObject } from '../../api/object.ts';
import { at, items, text } from '../../builtins/fields.ts';
import { containersOf } from './template.ts';
import { type Identity, owned } from './workspace-objects.ts';
import { controllerOf, LABELS } from './world-objects.ts';

interface Endpoint {
  name: string;
  port: number;
  exposure: string;
  path: string;
  main: boolean;
}

export function endpointsOf(workspace: KubeObject): Endpoint[] {
  return containersOf(workspace)
    .flatMap((component) => items(component, 'container', 'endpoints'))
    .map((endpoint) => ({
      name: text(endpoint, 'name')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, ''),
      port: Number(endpoint.targetPort ?? 0),
      exposure: text(endpoint, 'exposure') || 'public',
      path: text(endpoint, 'path'),
      main: at(endpoint, 'attributes', 'type') === 'main',
    }));
}

/** GetServiceForEndpoints; undefined when nothing is exposed */
export function service(identity: Identity, owner: KubeObject): KubeObject | undefined {
  const ports = new Map(
    endpointsOf(identity.workspace)
      .filter(({ exposure }) => exposure !== 'none')
      .map(({ name, port }) => [port, { name, protocol: 'TCP', port, targetPort: port }]),
  );
  if (ports.size === 0) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...owned(identity, `${identity.id}-service`), ownerReferences: [controllerOf(owner)] },
    spec: { type: 'ClusterIP', selector: { [LABELS.id]: identity.id }, ports: [...ports.values()] },
  };
}

/** getRouteForEndpoint and getIngressForEndpoint: one for each public endpoint. */
export function publicAccess(identity: Identity, owner: KubeObject, suffix: string, openshift: boolean): KubeObject[] {
  return endpointsOf(identity.workspace)
    .filter(({ exposure }) => exposure === 'public')
    .map(({ name, port }) => {
      const metadata = {
        ...owned(identity, `${identity.id}-${name}`),
        annotations: { 'controller.devfile.io/endpoint_name': name },
        ownerReferences: [controllerOf(owner)],
      };
      const target = `${identity.id}-service`;
      if (openshift) {
        return {
          apiVersion: 'route.openshift.io/v1',
          kind: 'Route',
          metadata,
          spec: {
            host: `${identity.id}.${suffix}`,
            path: `/${name}/`,
            to: { kind: 'Service', name: target, weight: 100 },
            port: { targetPort: port },
            tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' },
          },
        };
      }
      return {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata,
        spec: {
          rules: [
            {
              host: `${identity.id}-${name}-${port}.${suffix}`.slice(0, 253),
              http: {
                paths: [
                  {
                    path: '/',
                    pathType: 'ImplementationSpecific',
                    backend: { service: { name: target, port: { number: port } } },
                  },
                ],
              },
            },
          ],
        },
      };
    });
}

/** Where the main endpoint answers; '' when there is none. */
export function mainUrl(identity: Identity, suffix: string, openshift: boolean): string {
  const main = endpointsOf(identity.workspace).find((endpoint) => endpoint.main);
  if (!main) return '';
  const path = main.path.replace(/^\//, '');
  return openshift
    ? `https://${identity.id}.${suffix}/${main.name}/${path}`
    : `http://${identity.id}-${main.name}-${main.port}.${suffix}/${path}`;
}
