/**
 * What one version of a definition says, or all of them together: kubernetes/apiextensions-apiserver,
 * pkg/apis/apiextensions/validation/validation.go validateCustomResourceDefinitionVersion.
 */
import { causeDuplicate, causeInvalid, causeRequired, causeTooMany, type StatusCause } from '../../api/causes.ts';
import { resolveFieldPath } from '../../schema/cel/field-path.ts';
import type { CrdVersion } from '../crd-types.ts';
import { definitionSchemaFaults } from './definition-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** What versions may say, and what is at the top where all of them say the same. */
export type Part = Pick<CrdVersion, 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'>;

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const SELECTABLE_TYPES: readonly (string | undefined)[] = ['string', 'boolean', 'integer'];
const MAX_SELECTABLE_FIELDS = 8;
const MAX_WARNING_BYTES = 256;

export function deprecationFaults({ deprecated, deprecationWarning }: CrdVersion, path: string): StatusCause[] {
  if (deprecationWarning === undefined) return [];
  const fault = (detail: string) => causeInvalid(`${path}.deprecationWarning`, deprecationWarning, detail);
  if (!deprecated) return [fault('can only be set for deprecated versions')];
  const causes: StatusCause[] = [];
  if (Buffer.byteLength(deprecationWarning) > MAX_WARNING_BYTES) {
    causes.push(fault(`must be <= ${MAX_WARNING_BYTES} characters long`));
  }
  if (deprecationWarning === '') causes.push(fault('must not be an empty string'));
  const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(deprecationWarning);
  if (unprintable) {
    const index = Buffer.byteLength(deprecationWarning.slice(0, unprintable.index));
    const detail = `must only contain printable UTF-8 characters; non-printable character found at index ${index}`;
    causes.push(fault(detail));
  }
  return causes;
}

/** @param paths of the schema's holder and of the rest */
export function partFaults(part: Part, paths: { schema: string; rest: string }, hasStatus: boolean): StatusCause[] {
  const { schema, subresources, additionalPrinterColumns, selectableFields } = part;
  const root = schema?.openAPIV3Schema as JsonSchema | undefined;
  return [
    ...(root ? definitionSchemaFaults(root, paths.schema, hasStatus) : []),
    ...scaleFaults(subresources?.scale, `${paths.rest}.subresources.scale`),
    ...columnFaults(additionalPrinterColumns ?? [], `${paths.rest}.additionalPrinterColumns`),
    ...(root ? selectableFaults(selectableFields ?? [], root, `${paths.rest}.selectableFields`) : []),
  ];
}

function simplePathFault(path: string, field: string): StatusCause | undefined {
  return path.startsWith('.') ? undefined : causeInvalid(field, path, 'must be a simple json path starting with .');
}

type Scale = NonNullable<CrdVersion['subresources']>['scale'];

function scaleFaults(scale: Scale, path: string): StatusCause[] {
  if (!scale) return [];
  const check = (key: keyof NonNullable<Scale>, roots: readonly string[], where: string): StatusCause[] => {
    const value = scale[key] ?? '';
    const at = `${path}.${key}`;
    if (value === '') return key === 'labelSelectorPath' ? [] : [causeRequired(at)];
    const fault = simplePathFault(value, at);
    if (fault) return [fault];
    const detail = `should be a json path under ${where}`;
    return roots.some((root) => value.startsWith(root)) ? [] : [causeInvalid(at, value, detail)];
  };
  return [
    ...check('specReplicasPath', ['.spec.'], '.spec'),
    ...check('statusReplicasPath', ['.status.'], '.status'),
    ...check('labelSelectorPath', ['.spec.', '.status.'], 'either .spec or .status'),
  ];
}

function columnFaults(columns: NonNullable<Part['additionalPrinterColumns']>, path: string): StatusCause[] {
  return columns.flatMap(({ name = '', type = '', format = '', jsonPath = '' }, index) => {
    const at = `${path}[${index}]`;
    const causes: StatusCause[] = [];
    const oneOf = (words: readonly string[]) => `must be one of ${words.join(',')}`;
    if (name === '') causes.push(causeRequired(`${at}.name`));
    if (type === '') causes.push(causeRequired(`${at}.type`, oneOf(COLUMN_TYPES)));
    else if (!COLUMN_TYPES.includes(type)) causes.push(causeInvalid(`${at}.type`, type, oneOf(COLUMN_TYPES)));
    if (format !== '' && !COLUMN_FORMATS.includes(format)) {
      causes.push(causeInvalid(`${at}.format`, format, oneOf(COLUMN_FORMATS)));
    }
    const fault = jsonPath === '' ? causeRequired(`${at}.JSONPath`) : simplePathFault(jsonPath, `${at}.JSONPath`);
    if (fault) causes.push(fault);
    return causes;
  });
}

/** ValidateCustomResourceSelectableFields */
function selectableFaults(
  fields: NonNullable<Part['selectableFields']>,
  schema: JsonSchema,
  path: string,
): StatusCause[] {
  const causes: StatusCause[] = [];
  const seen = new Set<string>();
  for (const [index, { jsonPath = '' }] of fields.entries()) {
    const at = `${path}[${index}].jsonPath`;
    const found = jsonPath === '' ? undefined : resolveFieldPath(jsonPath, schema, false);
    if (!found) causes.push(causeRequired(at));
    else if ('fault' in found) causes.push(causeInvalid(at, jsonPath, `is an invalid path: ${found.fault}`));
    else {
      if (/^metadata\b/.test(found.text))
        causes.push(causeInvalid(at, jsonPath, 'must not point to fields in metadata'));
      if (!SELECTABLE_TYPES.includes(found.schema?.type)) {
        const detail =
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
        causes.push(causeInvalid(at, jsonPath, detail));
      }
      if (seen.has(found.text)) causes.push(causeDuplicate(at, jsonPath));
      seen.add(found.text);
    }
  }
  if (seen.size > MAX_SELECTABLE_FIELDS) causes.push(causeTooMany(path, seen.size, MAX_SELECTABLE_FIELDS));
  return causes;
}
