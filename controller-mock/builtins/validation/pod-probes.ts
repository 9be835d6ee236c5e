/** How containers are asked whether they are well, and what is done when they start and stop. */
import { causeInvalid, causeRequired } from '../../api/causes.ts';
import { portNameFaults } from '../../api/names.ts';
import { type Fields, items, text } from '../fields.ts';
import { exactlyOneOf, nonNegative, positive, required } from './checks.ts';
import { coreSource, onlyOneOf, podOf } from './pod-facts.ts';
import { below, type Check, type Rule, rows } from './rule.ts';

const HEADER_NAME = /^[-A-Za-z0-9]+$/;
const HEADER_FAULT =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

/** A number of a port, or the name of one; 0 where there is none. */
const portOrName: Check = (value, { path }) => {
  const port = value ?? 0;
  if (typeof port === 'string') return portNameFaults(port).map((fault) => causeInvalid(path, port, fault));
  const fits = Number(port) >= 1 && Number(port) <= 65_535;
  return fits ? undefined : causeInvalid(path, port, 'must be between 1 and 65535, inclusive');
};

const headers: Check = (value, { path }) =>
  items({ value }, 'value')
    .filter((header) => !HEADER_NAME.test(text(header, 'name')))
    .map((header) => causeInvalid(path, text(header, 'name'), HEADER_FAULT));

const sleep: Check = (value, place) => {
  const grace = podOf(place).spec.terminationGracePeriodSeconds;
  const seconds = Number((value as Fields | undefined)?.seconds ?? 0);
  if (value === undefined || typeof grace !== 'number' || (seconds > 0 && seconds <= grace)) return undefined;
  const detail = `must be greater than 0 and less than terminationGracePeriodSeconds (${grace}). Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.`;
  return causeInvalid(place.path, seconds, detail);
};

/** Of a probe or a hook. @param handlers those it can have, in the order in which they are looked at */
function handlerRules(...handlers: string[]): Rule[] {
  const alone = onlyOneOf(handlers, 'may not specify more than 1 handler type');
  const some: Check = (value, { path }) =>
    value && !handlers.some((handler) => (value as Fields)[handler] !== undefined)
      ? causeRequired(path, 'must specify a handler type')
      : undefined;
  const known: Record<string, Rule[]> = {
    exec: rows(coreSource('validateExecAction'), [['command', required()]]),
    httpGet: rows(coreSource('validateHTTPGetAction'), [
      ['port', portOrName],
      ['scheme', exactlyOneOf('HTTP', 'HTTPS')],
      ['httpHeaders', headers],
    ]),
    tcpSocket: rows(coreSource('validateTCPSocketAction'), [['port', portOrName]]),
    grpc: rows(coreSource('validateGRPCAction'), [['port', portOrName]]),
    sleep: rows(coreSource('validateSleepAction'), [['', sleep]]),
  };
  return [
    ...handlers.flatMap((handler, index) => [
      ...(index > 0 ? rows(coreSource('validateHandler'), [[handler, alone]]) : []),
      ...below(handler, known[handler]!),
    ]),
    ...rows(coreSource('validateHandler'), [['', some]]),
  ];
}

const PROBE_RULES: readonly Rule[] = [
  ...handlerRules('exec', 'httpGet', 'tcpSocket', 'grpc'),
  ...rows(coreSource('validateProbe'), [
    ['initialDelaySeconds', nonNegative],
    ['timeoutSeconds', nonNegative],
    ['periodSeconds', nonNegative],
    ['successThreshold', nonNegative],
    ['failureThreshold', nonNegative],
    ['terminationGracePeriodSeconds', positive],
  ]),
];

const one: Check = (value, { path }) =>
  value === undefined || value === 1 ? undefined : causeInvalid(path, value, 'must be 1');

const noGrace: Check = (value, { path }) =>
  value === undefined ? undefined : causeInvalid(path, value, 'must not be set for readinessProbes');

const HOOK_RULES = handlerRules('exec', 'httpGet', 'tcpSocket', 'sleep');

/** Of a container that runs beside others. */
export const PROBED_RULES: readonly Rule[] = [
  ...below('lifecycle.postStart', HOOK_RULES),
  ...below('lifecycle.preStop', HOOK_RULES),
  ...below('livenessProbe', PROBE_RULES),
  ...rows(coreSource('validateLivenessProbe'), [['livenessProbe.successThreshold', one]]),
  ...below('readinessProbe', PROBE_RULES),
  ...rows(coreSource('validateReadinessProbe'), [['readinessProbe.terminationGracePeriodSeconds', noGrace]]),
  ...below('startupProbe', PROBE_RULES),
  ...rows(coreSource('validateStartupProbe'), [['startupProbe.successThreshold', one]]),
];

export const PROBED = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;
