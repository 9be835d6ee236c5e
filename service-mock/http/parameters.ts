/**
 * Query parameters: how their texts become values, and what is said when they do not.
 * Upstream: assisted-service, the BindRequest functions below restapi/operations; go-openapi/swag, convert.go.
 */
import { isUuid } from '../validations/schema.ts';

export interface Parameter {
  readonly type: 'string' | 'uuid' | 'mac' | 'integer' | 'boolean' | 'list';
  readonly required?: boolean;
  readonly enum?: readonly string[];
  /** Of the items of a list. */
  readonly items?: 'string' | 'uuid';
}

export type ParameterValue = string | number | boolean | string[];

const TRUE = new Set(['true', '1', 'yes', 'ok', 'y', 'on', 'selected', 'checked', 't', 'enabled']);
const MAC = /^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4,6}[0-9a-f]{2}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2,3})$/i;
const INT64 = /^[+-]?\d{1,19}$/;

/** A parameter that cannot be used; the message is the service's. */
export class ParameterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ParameterError';
  }
}

/**
 * The value of a parameter. An empty text counts as absent unless the parameter is required.
 * @param raw what the query string holds
 * @throws ParameterError
 */
export function readParameter(name: string, parameter: Parameter, raw: string | undefined): ParameterValue | undefined {
  if (raw === undefined || raw === '') {
    if (parameter.required) throw new ParameterError(`${name} in query is required`);
    return undefined;
  }
  switch (parameter.type) {
    case 'boolean':
      return TRUE.has(raw.toLowerCase());
    case 'integer':
      if (!INT64.test(raw)) throw wrongType(name, 'int64', raw);
      return Number(raw);
    case 'list': {
      const items = raw
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      items.forEach((item, i) => {
        checkText(`${name}.${i}`, parameter.items ?? 'string', parameter.enum, item);
      });
      return items;
    }
    default:
      checkText(name, parameter.type, parameter.enum, raw);
      return raw;
  }
}

function checkText(
  name: string,
  type: 'string' | 'uuid' | 'mac',
  allowed: readonly string[] | undefined,
  value: string,
): void {
  if (type === 'uuid' && !isUuid(value)) throw wrongType(name, 'uuid', value);
  if (type === 'mac' && !MAC.test(value)) throw wrongType(name, 'mac', value);
  if (allowed !== undefined && !allowed.includes(value)) {
    throw new ParameterError(`${name} in query should be one of [${allowed.join(' ')}]`);
  }
}

const wrongType = (name: string, type: string, value: string) =>
  new ParameterError(`${name} in query must be of type ${type}: ${JSON.stringify(value)}`);
