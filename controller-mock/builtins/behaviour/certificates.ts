/** Requests for certificates (kubernetes, pkg/registry/certificates/certificates/strategy.go). */
import type { KubeObject } from '../../api/object.ts';
import { type Fields, fields, items, text } from '../fields.ts';
import { type Behaviours, READ_AND_WRITE } from './behaviour.ts';

/** Conditions that only the approval subresource may change. */
const DECISIONS = ['Approved', 'Denied'];

/** The live object with the conditions of `body`, which may decide. */
function approved(live: KubeObject, body: KubeObject): KubeObject {
  const { conditions: _, ...status } = fields(live, 'status');
  const conditions = items(body, 'status', 'conditions');
  const { metadata } = body;
  return { ...live, metadata, status: conditions.length > 0 ? { ...status, conditions } : status };
}

/** The live object with the status of `body`, in which decisions stay what they were. */
function reported(live: KubeObject, body: KubeObject): KubeObject {
  const conditions = [...items(body, 'status', 'conditions')];
  for (const decision of DECISIONS) {
    const before = items(live, 'status', 'conditions').filter(({ type }) => type === decision);
    const places = conditions.flatMap(({ type }, index) => (type === decision ? [index] : []));
    // One more or less is refused afterwards.
    if (places.length === before.length) for (const [at, index] of places.entries()) conditions[index] = before[at]!;
  }
  const status = { ...fields(body, 'status') };
  const { metadata } = body;
  return { ...live, metadata, status: conditions.length > 0 ? { ...status, conditions } : status };
}

export const CERTIFICATE_BEHAVIOUR: Behaviours = {
  'certificates.k8s.io/v1 CertificateSigningRequest': {
    subresources: [
      { name: 'approval', verbs: READ_AND_WRITE, merge: approved },
      { name: 'status', verbs: READ_AND_WRITE, merge: reported },
    ],
    selectableFields: { 'spec.signerName': (csr) => text(csr, 'spec', 'signerName') },
    prepareCreate(csr, { user }) {
      // Who asks is what the server knows, not what the client says; trusted programs ask for others.
      const spec = csr.spec as Fields;
      if (!text(spec, 'username') || user.username !== 'kube-admin') spec.username = user.username;
      if (spec.groups === undefined) spec.groups = user.groups;
      if (user.uid !== '' && spec.uid === undefined) spec.uid = user.uid;
    },
    prepareUpdate(csr, old) {
      csr.spec = old.spec;
    },
  },
};
