/**
 * Kinds of an OpenShift cluster that the DevWorkspace Operator needs: openshift/api, route/v1/types.go, image/v1/types.go and
 * config/v1 (the group alone tells it that this is OpenShift). On a real cluster other servers serve the first two.
 */
import { AGE, type KindDefinition } from './definition.ts';
import { fields } from './notation.ts';
import { OPENSHIFT_CONFIG_KINDS } from './openshift-config.ts';

const ROUTE: KindDefinition = {
  group: 'route.openshift.io',
  kind: 'Route',
  plural: 'routes',
  namespaced: true,
  description: 'A name under which a service is reached from outside.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      columns: [
        { name: 'Host', type: 'string', jsonPath: '.spec.host' },
        { name: 'Path', type: 'string', jsonPath: '.spec.path' },
        { name: 'Service', type: 'string', jsonPath: '.spec.to.name' },
        AGE,
      ],
      fields: fields(`
spec: object  # Where it leads.
  host: string maxLength=253  # Name of the host.
  path: string  # Beginning of the paths.
  port: object  # Port of the service.
    targetPort!: int-or-string  # Number or name.
  tls: object  # How it is secured.
    insecureEdgeTerminationPolicy: string  # What becomes of plain HTTP: Allow, None or Redirect.
    termination!: string  # Where TLS ends: edge, reencrypt or passthrough.
  to!: object  # The service.
    kind!: string  # Service.
    name!: string  # Its name.
    weight: int32 min=0 max=256 default=100  # Its share.
  wildcardPolicy: string default=None  # Whether names below the host are meant, too.
status: object open  # What routers tell.
`),
    },
  ],
};

const IMAGE_STREAM: KindDefinition = {
  group: 'image.openshift.io',
  kind: 'ImageStream',
  plural: 'imagestreams',
  shortNames: ['is'],
  namespaced: true,
  description: 'Images of one name in the internal registry.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      columns: [
        { name: 'Image Repository', type: 'string', jsonPath: '.status.dockerImageRepository' },
        { name: 'Tags', type: 'string', jsonPath: '.status.tags[*].tag' },
        AGE,
      ],
      fields: fields(`
spec: object  # What is wanted.
  dockerImageRepository: string  # Repository it is filled from.
  lookupPolicy: object  # How pods find its images.
    local!: boolean  # By its name in the same namespace.
  tags: list of object open  # Tags it follows.
    name!: string  # Name of the tag.
status: object open  # What is there.
`),
    },
  ],
};

/** config.openshift.io is known by its kind Infrastructure. */
export const OPENSHIFT_WORKSPACE_KINDS: readonly KindDefinition[] = [
  ROUTE,
  IMAGE_STREAM,
  ...OPENSHIFT_CONFIG_KINDS.filter(({ kind }) => kind === 'Infrastructure'),
];
