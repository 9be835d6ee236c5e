import { causeForbidden, causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { equalJson } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { type Fields, fields, items, strings, text } from '../fields.ts';
import { type Behaviours, READ_AND_WRITE } from './behaviour.ts';

/** Conditions that only the approval subresource may change. */
const DECISIONS = ['Approved', 'Denied'];

const isDecision = (condition: Fields) => DECISIONS.includes(text(condition, 'type'));

/** The status of `body`, but its decisions (or all but its decisions) from `live`. */
function mergedStatus(live: KubeObject, body: KubeObject, approval: boolean): KubeObject {
  const before = items(live, 'status', 'conditions');
  const sent = items(body, 'status', 'conditions');
  const decisions = (approval ? sent : before).filter(isDecision);
  const others = (approval ? before : sent).filter((condition) => !isDecision(condition));
  const conditions = [...decisions, ...others];
  const status = { ...fields(approval ? live : body, 'status') };
  if (conditions.length > 0) status.conditions = conditions;
  else delete status.conditions;
  return { ...live, status };
}

const SIGNER = /^[a-z0-9.-]+\.[a-z0-9.-]+\/\S+$/;

function requestFaults(csr: KubeObject): StatusCause[] {
  const causes: StatusCause[] = [];
  const request = Buffer.from(text(csr, 'spec', 'request'), 'base64').toString('latin1');
  if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(request)) {
    causes.push(
      causeInvalid('spec.request', text(csr, 'spec', 'request'), 'PEM block type must be CERTIFICATE REQUEST'),
    );
  }
  const signer = text(csr, 'spec', 'signerName');
  if (signer === '') causes.push(causeRequired('spec.signerName'));
  else if (!SIGNER.test(signer)) {
    const detail = 'must be a fully qualified domain and path of the form "example.com/signer-name"';
    causes.push(causeInvalid('spec.signerName', signer, detail));
  }
  if (strings(csr, 'spec', 'usages').length === 0) causes.push(causeRequired('spec.usages'));
  return causes;
}

export const CERTIFICATE_BEHAVIOUR: Behaviours = {
  'certificates.k8s.io/v1 CertificateSigningRequest': {
    subresources: [
      { name: 'approval', verbs: READ_AND_WRITE, merge: (live, body) => mergedStatus(live, body, true) },
      { name: 'status', verbs: READ_AND_WRITE, merge: (live, body) => mergedStatus(live, body, false) },
    ],
    selectableFields: { 'spec.signerName': (csr) => text(csr, 'spec', 'signerName') },
    prepareCreate(csr, { user }) {
      // Who asks is what the server knows, not what the client says; trusted programs ask for others.
      const spec = csr.spec as Fields;
      if (!text(spec, 'username') || user.username !== 'kube-admin') spec.username = user.username;
      if (spec.groups === undefined) spec.groups = user.groups;
      if (user.uid !== '' && spec.uid === undefined) spec.uid = user.uid;
    },
    validate(csr, old) {
      if (!old) return requestFaults(csr);
      const causes: StatusCause[] = [];
      if (!equalJson(csr.spec, old.spec)) causes.push(causeForbidden('spec', 'field is immutable'));
      const types = items(csr, 'status', 'conditions').map((condition) => text(condition, 'type'));
      if (DECISIONS.every((decision) => types.includes(decision))) {
        causes.push(causeInvalid('status.conditions', types, 'Approved and Denied conditions are mutually exclusive'));
      }
      for (const decision of DECISIONS) {
        const had = items(old, 'status', 'conditions').some((condition) => condition.type === decision);
        if (had && !types.includes(decision)) {
          causes.push(causeForbidden('status.conditions', `updates may not remove a condition of type "${decision}"`));
        }
      }
      return causes;
    },
  },
};
