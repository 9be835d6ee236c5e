/** CertificateSigningRequests, and what their approval and their status may say. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooLong,
  type StatusCause,
} from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import { nameFaults } from '../../api/names.ts';
import { items, strings, text } from '../fields.ts';
import { certificateFault, requestFault } from './pem.ts';
import { type Check, type Place, type Rule, rows } from './rule.ts';

const SOURCE = 'pkg/apis/certificates/validation/validation.go';

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';

const request: Check = (value, { path }) => {
  const bytes = Buffer.from(String(value ?? ''), 'base64');
  const fault = requestFault(bytes);
  if (fault === undefined) return undefined;
  const shown =
    bytes.length === 0 ? '[]byte(nil)' : `[]byte{${[...bytes].map((byte) => `0x${byte.toString(16)}`).join(', ')}}`;
  return causeInvalid(path, new GoLiteral(shown), fault);
};

const usages: Check = (value, { path, old }) => {
  const given = strings({ value }, 'value');
  if (given.length === 0) return causeRequired(path);
  const before = strings(old, 'spec', 'usages');
  const causes: StatusCause[] = [];
  if (before.every((usage) => USAGES.includes(usage))) {
    for (const [index, usage] of given.entries()) {
      if (!USAGES.includes(usage)) causes.push(causeNotSupported(`${path}[${index}]`, usage, USAGES));
    }
  }
  if (new Set(before).size < before.length) return causes;
  for (const [index, usage] of given.entries()) {
    if (given.indexOf(usage) < index) causes.push(causeDuplicate(`${path}[${index}]`, usage));
  }
  return causes;
};

const NAME_LIMIT = 253;

/** pkg/apis/core/validation/names.go ValidateSignerName */
function signerFaults(signer: string, path: string): StatusCause[] {
  if (signer === '') return [causeRequired(path)];
  const [domain = '', rest, ...more] = signer.split('/');
  if (rest === undefined || more.length > 0) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [causeInvalid(path, signer, detail)];
  }
  const causes = domain.length > NAME_LIMIT ? [causeTooLong(path, NAME_LIMIT)] : [];
  const labels = domain.split('.');
  causes.push(...labelFaults(labels, 'dns-label', domain, path));
  if (labels.length < 2) {
    causes.push(causeInvalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  }
  causes.push(...labelFaults(rest.split('.'), 'dns-subdomain', rest, path));
  const limit = 2 * NAME_LIMIT + 63 + 2;
  return signer.length > limit ? [...causes, causeTooLong(path, limit)] : causes;
}

/** Of the first label that is wrong. */
function labelFaults(
  labels: string[],
  rule: 'dns-label' | 'dns-subdomain',
  shown: string,
  path: string,
): StatusCause[] {
  const wrong = labels.find((label) => nameFaults(label, rule).length > 0);
  if (wrong === undefined) return [];
  return nameFaults(wrong, rule).map((fault) =>
    causeInvalid(path, shown, `validating label ${JSON.stringify(wrong)}: ${fault}`),
  );
}

const signerName: Check = (value, { path, old }) => {
  const signer = String(value ?? '');
  return signer === LEGACY_SIGNER && text(old, 'spec', 'signerName') !== LEGACY_SIGNER
    ? causeInvalid(path, signer, 'the legacy signerName is not allowed via this API version')
    : signerFaults(signer, path);
};

const DECISIONS = ['Approved', 'Denied'];
const ALWAYS_TRUE = [...DECISIONS, 'Failed'];

const typesOf = (csr: unknown) => items(csr, 'status', 'conditions').map((condition) => text(condition, 'type'));
const isDoubled = (types: readonly string[]) => new Set(types).size < types.length;

/** validateConditions: what was wrong before may stay so. */
const conditions: Check = (value, { path, old }) => {
  const before = typesOf(old);
  const [mayBeEmpty, mayBeBoth, mayBeDoubled] = [
    before.includes(''),
    DECISIONS.every((decision) => before.includes(decision)),
    isDoubled(before),
  ];
  const seen: string[] = [];
  return items({ value }, 'value').flatMap((condition, index) => {
    const here = `${path}[${index}]`;
    const type = text(condition, 'type');
    const status = text(condition, 'status');
    const allowed = ALWAYS_TRUE.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    const causes = type === '' && !mayBeEmpty ? [causeRequired(`${here}.type`)] : [];
    if (status === '') causes.push(causeRequired(`${here}.status`));
    else if (!allowed.includes(status)) causes.push(causeNotSupported(`${here}.status`, status, allowed));
    const other = DECISIONS[1 - DECISIONS.indexOf(type)];
    if (!mayBeBoth && DECISIONS.includes(type) && seen.includes(other!)) {
      causes.push(causeInvalid(`${here}.type`, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (!mayBeDoubled && seen.includes(type)) causes.push(causeDuplicate(`${here}.type`, type));
    seen.push(type);
    return causes;
  });
};

const certificateOf = (csr: unknown) => text(csr, 'status', 'certificate');

const certificate: Check = (value, { path, old }) => {
  const before = certificateOf(old);
  const given = String(value ?? '');
  if (old && (given === before || certificateFault(Buffer.from(before, 'base64')) !== undefined)) return undefined;
  const fault = certificateFault(Buffer.from(given, 'base64'));
  return fault === undefined ? undefined : causeInvalid(path, '<certificate data>', fault);
};

const ofType = (csr: unknown, type: string) =>
  items(csr, 'status', 'conditions').filter((condition) => condition.type === type);

const keptConditions: Check = (_value, { object, old }) =>
  old &&
  ALWAYS_TRUE.filter((type) => ofType(object, type).length < ofType(old, type).length).map((type) =>
    causeForbidden('status.conditions', `updates may not remove a condition of type ${JSON.stringify(type)}`),
  );

const noDecisions: Check = (_value, { object, old }) =>
  old &&
  DECISIONS.flatMap((type) => {
    const [now, before] = [ofType(object, type), ofType(old, type)];
    if (now.length < before.length || equalJson(now, before)) return [];
    const what = now.length > before.length ? 'add' : 'modify';
    return [causeForbidden('status.conditions', `updates may not ${what} a condition of type ${JSON.stringify(type)}`)];
  });

const hasNewCertificate = ({ object, old }: Place) => old !== undefined && certificateOf(object) !== certificateOf(old);

const noCertificate: Check = (_value, place) =>
  hasNewCertificate(place)
    ? causeForbidden('status.certificate', 'updates may not set certificate content')
    : undefined;

const noOtherCertificate: Check = (_value, place) =>
  hasNewCertificate(place) && certificateOf(place.old) !== ''
    ? causeForbidden('status.certificate', 'updates may not modify existing certificate content')
    : undefined;

const REQUEST_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateCertificateSigningRequest`, [
    ['spec.request', request],
    ['spec.usages', usages],
    ['spec.signerName', signerName],
    [
      'spec.expirationSeconds',
      (value, { path }) =>
        typeof value === 'number' && value < 600
          ? causeInvalid(path, value, 'may not specify a duration less than 600 seconds (10 minutes)')
          : undefined,
    ],
  ]),
  ...rows(`${SOURCE} validateConditions`, [['status.conditions', conditions]]),
  ...rows(`${SOURCE} validateCertificateSigningRequest`, [['status.certificate', certificate]]),
];

const updates = (...checks: Check[]): Rule[] =>
  rows(
    `${SOURCE} validateCertificateSigningRequestUpdate`,
    checks.map((check) => ['', check] as const),
  );

export const CERTIFICATE_REQUEST_RULES: readonly Rule[] = [
  ...REQUEST_RULES,
  ...updates(keptConditions, noDecisions, noCertificate),
];
export const CERTIFICATE_APPROVAL_RULES: readonly Rule[] = [
  ...REQUEST_RULES,
  ...updates(keptConditions, noCertificate),
];
export const CERTIFICATE_STATUS_RULES: readonly Rule[] = [
  ...REQUEST_RULES,
  ...updates(keptConditions, noDecisions, noOtherCertificate),
];
