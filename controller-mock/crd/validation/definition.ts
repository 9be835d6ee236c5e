/**
 * What a CustomResourceDefinition must satisfy: kubernetes/apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go
 * ValidateCustomResourceDefinition and ValidateCustomResourceDefinitionUpdate.
 */
import { causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { goSyntax, stringsLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import { nameFault } from '../../api/names.ts';
import type { KubeObject } from '../../api/object.ts';
import type { CrdNames, CrdSpec, CrdStatus, CrdVersion } from '../crd-types.ts';
import { conversionFaults } from './conversion.ts';
import { anyDefaults } from './json-schema.ts';
import { deprecationFaults, type Part, partFaults } from './version.ts';

const PARTS = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

/** @param old undefined at creation */
export function definitionFaults(crd: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const spec = (crd.spec ?? {}) as Partial<CrdSpec>;
  const status = (crd.status ?? {}) as CrdStatus;
  return [
    ...nameFaults(crd, spec),
    ...specFaults(spec),
    ...(old ? changeFaults(spec, old) : []),
    ...storedVersionFaults(status.storedVersions ?? [], spec.versions ?? []),
    ...approvalFaults(crd, old, spec.group ?? ''),
    ...preserveFaults(spec, old),
  ];
}

function nameFaults(crd: KubeObject, { names, group }: Partial<CrdSpec>): StatusCause[] {
  const { name } = crd.metadata;
  if (name === `${names?.plural ?? ''}.${group ?? ''}`) return [];
  return [causeInvalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')];
}

function specFaults(spec: Partial<CrdSpec>): StatusCause[] {
  const { group = '', names, versions = [], scope = '', conversion } = spec;
  return [
    ...groupFaults(group),
    ...scopeFaults(scope),
    ...versionsFaults(spec, versions),
    ...namesFaults(names ?? {}, 'spec.names'),
    ...commonFaults(versions),
    ...(conversion?.strategy && conversion.strategy !== 'None' && spec.preserveUnknownFields
      ? [
          causeInvalid(
            'spec.conversion.strategy',
            conversion.strategy,
            'must be None if spec.preserveUnknownFields is true',
          ),
        ]
      : []),
    ...conversionFaults(conversion, 'spec.conversion'),
  ];
}

function groupFaults(group: string): StatusCause[] {
  const at = 'spec.group';
  const fault = nameFault(group, 'dns-subdomain');
  if (group === '') return [causeRequired(at)];
  if (fault) return [causeInvalid(at, group, fault)];
  return group.includes('.') ? [] : [causeInvalid(at, group, 'should be a domain with at least one dot')];
}

function scopeFaults(scope: string): StatusCause[] {
  if (scope === '') return [causeRequired('spec.scope')];
  const scopes = ['Cluster', 'Namespaced'];
  return scopes.includes(scope) ? [] : [causeNotSupported('spec.scope', scope, scopes)];
}

/**
 * What is the same in all versions moves to the top of the unversioned type (v1/conversion.go
 * Convert_v1_CustomResourceDefinitionSpec_To_apiextensions_CustomResourceDefinitionSpec), and causes name it there.
 */
const isCommon = (versions: readonly CrdVersion[], part: (typeof PARTS)[number]) =>
  versions.every((version) => equalJson(version[part] ?? null, versions[0]?.[part] ?? null));

const TOP = { schema: 'spec.validation', rest: 'spec' };

function commonFaults(versions: readonly CrdVersion[]): StatusCause[] {
  const [first] = versions;
  if (!first) return [];
  const common: Part = Object.fromEntries(
    PARTS.filter((part) => isCommon(versions, part)).map((part) => [part, first[part]]),
  );
  // Fields to select by are looked up in the schema that is on their own level.
  if (!common.schema) delete common.selectableFields;
  return partFaults(common, TOP, versions.some(hasStatus));
}

const hasStatus = ({ subresources }: CrdVersion) => subresources?.status !== undefined && subresources.status !== null;

function versionsFaults(spec: Partial<CrdSpec>, versions: readonly CrdVersion[]): StatusCause[] {
  const own = PARTS.filter((part) => !isCommon(versions, part));
  const schemas = versions.map(({ schema }) => schema?.openAPIV3Schema);
  const causes: StatusCause[] = schemas.flatMap((schema, index) =>
    schema ? [] : [causeRequired(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required')],
  );
  if (spec.preserveUnknownFields && schemas.some((schema) => schema && anyDefaults(schema))) {
    causes.push(
      causeInvalid('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema'),
    );
  }
  for (const [index, version] of versions.entries()) {
    const at = `spec.versions[${index}]`;
    const fault = nameFault(version.name ?? '', 'dns-1035-label');
    if (fault) causes.push(causeInvalid(`${at}.name`, version.name ?? '', fault));
    causes.push(...deprecationFaults(version, at));
    const part: Part = Object.fromEntries(own.map((name) => [name, version[name]]));
    causes.push(...partFaults(part, { schema: `${at}.schema`, rest: at }, hasStatus(version)));
  }
  const whole = (detail: string) => causeInvalid('spec.versions', versions, detail);
  if (new Set(versions.map(({ name }) => name)).size !== versions.length) {
    causes.push(whole('must contain unique version names'));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    causes.push(whole('must have exactly one version marked as storage version'));
  }
  const [first] = versions;
  const fault = first && nameFault(first.name ?? '', 'dns-1035-label');
  if (fault && first.name) causes.push(causeInvalid('spec.version', first.name, fault));
  return causes;
}

/** ValidateCustomResourceDefinitionNames; some names are required besides. */
function namesFaults(names: Partial<CrdNames>, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const key of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if (!names[key]) causes.push(causeRequired(`${path}.${key}`));
  }
  const check = (at: string, name: string, tested: string, before = '') => {
    const fault = name === '' ? undefined : nameFault(tested, 'dns-1035-label');
    if (fault) causes.push(causeInvalid(`${path}.${at}`, name, `${before}${fault}`));
  };
  const { plural = '', singular = '', kind = '', listKind = '', shortNames = [], categories = [] } = names;
  check('plural', plural, plural);
  check('singular', singular, singular);
  check('kind', kind, kind.toLowerCase(), 'may have mixed case, but should otherwise match: ');
  check('listKind', listKind, listKind.toLowerCase(), 'may have mixed case, but should otherwise match: ');
  for (const [index, name] of shortNames.entries()) check(`shortNames[${index}]`, name, name);
  if (kind !== '' && kind === listKind) {
    causes.push(causeInvalid(`${path}.listKind`, listKind, 'kind and listKind may not be the same'));
  }
  for (const [index, name] of categories.entries()) check(`categories[${index}]`, name, name);
  return causes;
}

/** validateCustomResourceDefinitionSpecUpdate: what the storage depends on. */
function changeFaults(spec: Partial<CrdSpec>, old: KubeObject): StatusCause[] {
  const before = old.spec as CrdSpec;
  const { conditions = [] } = (old.status ?? {}) as CrdStatus;
  const isEstablished = conditions.some(({ type, status }) => type === 'Established' && status === 'True');
  const pairs: [string, unknown, unknown][] = [
    ...(isEstablished
      ? ([
          ['spec.scope', spec.scope, before.scope],
          ['spec.names.kind', spec.names?.kind, before.names.kind],
        ] as [string, unknown, unknown][])
      : []),
    ['spec.group', spec.group, before.group],
    ['spec.names.plural', spec.names?.plural, before.names.plural],
  ];
  return pairs
    .filter(([, now, then]) => now !== then)
    .map(([at, now]) => causeInvalid(at, now ?? '', 'field is immutable'));
}

/** ValidateCustomResourceDefinitionStoredVersions */
function storedVersionFaults(stored: readonly string[], versions: readonly CrdVersion[]): StatusCause[] {
  const at = 'status.storedVersions';
  if (stored.length === 0) return [causeInvalid(at, stringsLiteral([]), 'must have at least one stored version')];
  const names = new Set(versions.map(({ name }) => name));
  return [
    ...versions
      .filter(({ storage, name }) => storage && !stored.includes(name))
      .map(({ name }) => causeInvalid(at, stringsLiteral(stored), `must have the storage version ${name}`)),
    ...stored.flatMap((name, index) =>
      names.has(name) ? [] : [causeInvalid(`${at}[${index}]`, name, 'must appear in spec.versions')],
    ),
  ];
}

const APPROVAL = 'api-approved.kubernetes.io';

/** Groups of the Kubernetes community (pkg/apihelpers/helpers.go IsProtectedCommunityGroup). */
const isProtected = (group: string) => /(^|\.)(k8s|kubernetes)\.io$/.test(group);

type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid';

function approvalOf(object: KubeObject): Approval {
  const text = object.metadata.annotations?.[APPROVAL] ?? '';
  if (text === '') return 'missing';
  if (text.startsWith('unapproved')) return 'bypassed';
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+/i.test(text) ? 'approved' : 'invalid';
}

/** validateAPIApproval */
function approvalFaults(crd: KubeObject, old: KubeObject | undefined, group: string): StatusCause[] {
  if (!isProtected(group)) return [];
  const state = approvalOf(crd);
  if (old && approvalOf(old) === state) return [];
  const at = `metadata.annotations[${APPROVAL}]`;
  const must = `protected groups must have approval annotation ${goSyntax(APPROVAL)}`;
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (state === 'missing') return [causeRequired(at, `${must}, ${see}`)];
  if (state !== 'invalid') return [];
  const detail = `${must} with either a URL or a reason starting with "unapproved", ${see}`;
  return [causeInvalid(at, crd.metadata.annotations?.[APPROVAL], detail)];
}

/** validatePreserveUnknownFields */
function preserveFaults(spec: Partial<CrdSpec>, old: KubeObject | undefined): StatusCause[] {
  if (!spec.preserveUnknownFields || (old?.spec as CrdSpec | undefined)?.preserveUnknownFields) return [];
  const detail =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [causeInvalid('spec.preserveUnknownFields', true, detail)];
}
