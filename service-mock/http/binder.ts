/** Parameters of a request, checked as the service checks them. Upstream: assisted-service, restapi/operations (BindRequest of each). */

import type { IncomingMessage } from 'node:http';
import type { Claim } from '../auth/local-tokens.ts';
import { Hangup } from '../service-api.ts';
import { isUuid, sortKey } from '../validations/schema.ts';
import type { Call, Operation } from './operations/operation.ts';
import { ParameterError, type ParameterValue, readParameter } from './parameters.ts';
import type { Input } from './request-input.ts';

export interface Incoming {
  readonly raw: IncomingMessage;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
}

/** Path parameters that are not UUIDs. */
const FREE_TEXT = new Set(['validation_id', 'operator_name', 'id']);

/**
 * Checks of an operation's parameters in the order of the service's generated binders: by name, body included. The first
 * that fails is the one reported.
 * @returns a function that makes a Call or throws ParameterError, or Hangup
 */
export function compileBinder(operation: Operation): (incoming: Incoming, input: Input, claim: Claim | null) => Call {
  type Check = (incoming: Incoming, input: Input, query: Record<string, ParameterValue | undefined>) => void;
  const checks: { name: string; check: Check }[] = [];
  for (const [, name] of operation.template.matchAll(/\{(\w+)\}/g)) {
    if (FREE_TEXT.has(name!)) continue;
    checks.push({
      name: name!,
      check: ({ params }) => {
        const value = params[name!]!;
        if (!isUuid(value)) {
          throw new ParameterError(`${name} in path must be of type uuid: ${JSON.stringify(value)}`);
        }
      },
    });
  }
  for (const [name, parameter] of Object.entries(operation.query ?? {})) {
    checks.push({
      name,
      check: (incoming, _input, query) => {
        query[name] = readParameter(name, parameter, incoming.query[name]);
      },
    });
  }
  if (operation.body !== undefined) {
    checks.push({
      name: operation.body.name,
      check: (_incoming, { violation }) => {
        if (violation !== null) throw new ParameterError(violation);
      },
    });
  }
  const ordered = checks.toSorted((a, b) => (sortKey(a.name) < sortKey(b.name) ? -1 : 1)).map(({ check }) => check);
  return (incoming, input, claim) => {
    const query: Record<string, ParameterValue | undefined> = {};
    for (const check of ordered) check(incoming, input, query);
    if (input.isFatal) throw new Hangup();
    return {
      params: incoming.params,
      query,
      body: input.body,
      text: input.text,
      agentVersion: headerText(incoming.raw.headers.discovery_agent_version),
      uploaded: input.uploaded,
      claim,
    };
  };
}

const headerText = (value: string | string[] | undefined) => (Array.isArray(value) ? value.at(-1)! : (value ?? ''));
