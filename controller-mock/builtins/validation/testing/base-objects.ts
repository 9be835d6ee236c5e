/** Objects of every kind, which an API server takes: all but their names. Rows of answers.jsonl change them. */
import { CERTIFICATE_REQUEST } from '../../../testing/certificates.ts';

/** By apiVersion and kind. */
export const BASE_OBJECTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'v1 ConfigMap': {
    data: {
      a: 'b',
    },
  },
  'v1 Secret': {
    data: {
      a: 'eA==',
    },
  },
  'v1 ServiceAccount': {},
  'v1 Namespace': {},
  'v1 Service': {
    spec: {
      selector: {
        app: 'x',
      },
      ports: [
        {
          name: 'a',
          port: 80,
        },
      ],
    },
  },
  'v1 Endpoints': {
    subsets: [
      {
        addresses: [
          {
            ip: '10.1.2.3',
          },
        ],
        ports: [
          {
            name: 'a',
            port: 80,
          },
        ],
      },
    ],
  },
  'discovery.k8s.io/v1 EndpointSlice': {
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.1.2.3'],
      },
    ],
    ports: [
      {
        name: 'a',
        port: 80,
      },
    ],
  },
  'v1 PersistentVolume': {
    spec: {
      capacity: {
        storage: '1Gi',
      },
      accessModes: ['ReadWriteOnce'],
      hostPath: {
        path: '/data',
      },
    },
  },
  'v1 PersistentVolumeClaim': {
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: {
        requests: {
          storage: '1Gi',
        },
      },
    },
  },
  'v1 ResourceQuota': {
    spec: {
      hard: {
        pods: '1000',
      },
    },
  },
  'v1 LimitRange': {
    spec: {
      limits: [
        {
          type: 'Container',
          max: {
            cpu: '2',
          },
        },
      ],
    },
  },
  'v1 Event': {
    involvedObject: {
      kind: 'Pod',
      namespace: 'ns',
      name: 'p',
    },
    reason: 'R',
    type: 'Normal',
  },
  'events.k8s.io/v1 Event': {
    eventTime: '2024-01-01T00:00:00.000000Z',
    reportingController: 'c.io/x',
    reportingInstance: 'i',
    action: 'A',
    reason: 'R',
    type: 'Normal',
    regarding: {
      kind: 'Pod',
      namespace: 'ns',
      name: 'p',
    },
  },
  'networking.k8s.io/v1 Ingress': {
    spec: {
      rules: [
        {
          host: 'a.example.com',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: {
                  service: {
                    name: 's',
                    port: {
                      number: 80,
                    },
                  },
                },
              },
            ],
          },
        },
      ],
    },
  },
  'networking.k8s.io/v1 IngressClass': {
    spec: {
      controller: 'example.com/c',
    },
  },
  'networking.k8s.io/v1 NetworkPolicy': {
    spec: {
      podSelector: {},
      ingress: [
        {
          from: [
            {
              podSelector: {},
            },
          ],
          ports: [
            {
              port: 80,
            },
          ],
        },
      ],
    },
  },
  'rbac.authorization.k8s.io/v1 Role': {
    rules: [
      {
        verbs: ['get'],
        apiGroups: [''],
        resources: ['pods'],
      },
    ],
  },
  'rbac.authorization.k8s.io/v1 ClusterRole': {
    rules: [
      {
        verbs: ['get'],
        apiGroups: [''],
        resources: ['pods'],
      },
    ],
  },
  'rbac.authorization.k8s.io/v1 RoleBinding': {
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'Role',
      name: 'r',
    },
    subjects: [
      {
        kind: 'User',
        name: 'u',
      },
    ],
  },
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': {
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'r',
    },
    subjects: [
      {
        kind: 'User',
        name: 'u',
      },
    ],
  },
  'storage.k8s.io/v1 StorageClass': {
    provisioner: 'example.com/p',
  },
  'storage.k8s.io/v1 CSIDriver': {
    spec: {},
  },
  'storage.k8s.io/v1 CSINode': {
    spec: {
      drivers: [
        {
          name: 'd.example.com',
          nodeID: 'n1',
        },
      ],
    },
  },
  'storage.k8s.io/v1 CSIStorageCapacity': {
    storageClassName: 'fast',
    capacity: '1Gi',
  },
  'storage.k8s.io/v1 VolumeAttachment': {
    spec: {
      attacher: 'd.example.com',
      nodeName: 'n1',
      source: {
        persistentVolumeName: 'pv1',
      },
    },
  },
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': {
    webhooks: [
      {
        name: 'a.example.com',
        clientConfig: {
          service: {
            name: 's',
            namespace: 'n',
          },
        },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        rules: [
          {
            operations: ['CREATE'],
            apiGroups: ['proof.none'],
            apiVersions: ['v1'],
            resources: ['pods'],
          },
        ],
        failurePolicy: 'Ignore',
        objectSelector: {
          matchLabels: {
            never: 'ever',
          },
        },
      },
    ],
  },
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': {
    webhooks: [
      {
        name: 'a.example.com',
        clientConfig: {
          service: {
            name: 's',
            namespace: 'n',
          },
        },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        rules: [
          {
            operations: ['CREATE'],
            apiGroups: ['proof.none'],
            apiVersions: ['v1'],
            resources: ['pods'],
          },
        ],
        failurePolicy: 'Ignore',
        objectSelector: {
          matchLabels: {
            never: 'ever',
          },
        },
      },
    ],
  },
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy': {
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            operations: ['CREATE'],
            apiGroups: ['proof.none'],
            apiVersions: ['v1'],
            resources: ['pods'],
          },
        ],
      },
      validations: [
        {
          expression: 'true',
        },
      ],
    },
  },
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding': {
    spec: {
      policyName: 'p',
      validationActions: ['Audit'],
    },
  },
  'certificates.k8s.io/v1 CertificateSigningRequest': {
    spec: {
      request: CERTIFICATE_REQUEST,
      signerName: 'example.com/s',
      usages: ['client auth'],
    },
  },
  'coordination.k8s.io/v1 Lease': {
    spec: {
      holderIdentity: 'x',
    },
  },
  'scheduling.k8s.io/v1 PriorityClass': {
    value: 5,
  },
  'node.k8s.io/v1 RuntimeClass': {
    handler: 'runc',
  },
  'flowcontrol.apiserver.k8s.io/v1 FlowSchema': {
    spec: {
      priorityLevelConfiguration: {
        name: 'global-default',
      },
      rules: [
        {
          subjects: [
            {
              kind: 'User',
              user: {
                name: 'u',
              },
            },
          ],
          resourceRules: [
            {
              verbs: ['get'],
              apiGroups: [''],
              resources: ['pods'],
              namespaces: ['x'],
            },
          ],
        },
      ],
    },
  },
  'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration': {
    spec: {
      type: 'Limited',
      limited: {
        limitResponse: {
          type: 'Reject',
        },
      },
    },
  },
  'apiregistration.k8s.io/v1 APIService': {
    metadata: {
      name: 'v1.proof.example.com',
    },
    spec: {
      group: 'proof.example.com',
      version: 'v1',
      groupPriorityMinimum: 10,
      versionPriority: 10,
      service: {
        name: 's',
        namespace: 'default',
      },
      insecureSkipTLSVerify: true,
    },
  },
};
