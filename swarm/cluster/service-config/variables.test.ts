import { expect, it } from 'vitest';
import { goDurationMs } from '../../../model/time/go-duration.ts';
import { FIXED_VARIABLES, goBoolean, problemWith, SERVICE_VARIABLES, shownValue } from './variables.ts';

it('has defaults that the service would accept', () => {
  for (const { name, kind, default: value } of SERVICE_VARIABLES.values()) {
    if (kind === 'duration') expect(goDurationMs(value), name).not.toBeNull();
    if (kind === 'boolean') expect(goBoolean(value), name).not.toBeNull();
    if (!FIXED_VARIABLES.has(name) && value !== '') expect(problemWith(name, value), name).toBeNull();
  }
});

it('names the stage timeouts as the service does', () => {
  expect(SERVICE_VARIABLES.get('HOST_STAGE_WAITING_FOR_CONTROL_PLANE_TIMEOUT')?.default).toBe('60m');
  expect(SERVICE_VARIABLES.get('FINALIZING_STAGE_WAITING_FOR_OLM_OPERATOR_SETUP_JOBS_TIMEOUT')?.default).toBe('10m');
});

it.each([
  ['AUTH_TYP', 'none', 'did you mean AUTH_TYPE?'],
  ['auth_type', 'none', 'did you mean AUTH_TYPE?'],
  ['SOMETHING_ELSE_ENTIRELY', 'x', 'names are those of its environment'],
  ['DB_PASS', 'x', 'set by the operator in the container itself'],
  ['AUTH_TYPE', 'basic', 'allowed: none, local, agent-installer-local, rhsso'],
  ['HOST_MAX_DISCONNECTION_TIME', '5 minutes', 'a duration as Go writes it'],
  ['ENABLE_OKD_SUPPORT', 'yes', 'allowed: true or false'],
  ['BMAC_MAX_CONCURRENT_RECONCILES', '1.5', 'a whole number'],
  ['HW_VALIDATOR_REQUIREMENTS', '[{]', 'is not valid JSON'],
  ['HW_VALIDATOR_REQUIREMENTS', '{}', 'HW_VALIDATOR_REQUIREMENTS is {}; allowed: a JSON array of objects'],
  ['RELEASE_IMAGES', '["4.20"]', 'allowed: a JSON array of objects'],
  ['EVENT_RATE_LIMITS', '[]', 'allowed: a JSON object'],
  ['HOST_MONITOR_INTERVAL', 'banana', 'is banana; allowed: a duration as Go writes it, such as 90s, 5m or 1h30m'],
  ['HOST_MONITOR_INTERVAL', '0', 'such as 90s, 5m or 1h30m, longer than 0'],
  ['INSTALLATION_TIMEOUT', '-1h', 'such as 90s, 5m or 1h30m, of at least 0'],
  ['INSTALLATION_TIMEOUT', '99999999h', 'a duration as Go writes it'],
])('refuses %s=%s', (name, value, message) => {
  expect(problemWith(name, value)).toContain(message);
});

it.each([
  ['ENABLE_OKD_SUPPORT', 'False'],
  ['HOST_STAGE_JOINED_TIMEOUT', '2h'],
  ['EVENT_RATE_LIMITS', ''],
  ['DISABLED_STEPS', ''],
])('takes %s=%s', (name, value) => {
  expect(problemWith(name, value)).toBeNull();
});

it('hides secrets and shortens long values', () => {
  expect(shownValue('AWS_SECRET_ACCESS_KEY', 'hush')).toBe('(hidden)');
  expect(shownValue('REGISTRY_CREDS', '')).toBe('""');
  expect(shownValue('OS_IMAGES', 'x'.repeat(100), 20)).toBe(`${'x'.repeat(19)}…`);
});
