import { describe, expect, it } from 'vitest';
import { createService } from '../service.ts';
import { Site, silentMetrics } from '../testing/test-site.ts';
import { defaultSettings, parseDuration, settingsFromEnv } from './settings.ts';

describe('settings from the environment', () => {
  it('are the defaults when nothing is said', () => {
    expect(settingsFromEnv({ PATH: '/bin', HOST_MONITOR_INTERVAL: '' })).toEqual(defaultSettings());
  });

  it('take Go durations, booleans, lists and JSON', () => {
    const settings = settingsFromEnv({
      HOST_MONITOR_INTERVAL: '1s',
      INSTALLATION_TIMEOUT: '1h30m',
      ENABLE_UPGRADE_AGENT: 'False',
      DISABLED_STEPS: 'inventory, verify-vips',
      RELEASE_IMAGES: '[{"version":"4.20.1"}]',
      HOST_STAGE_WRITING_IMAGE_TO_DISK_TIMEOUT: '2m',
      EVENT_RATE_LIMITS: '{"host_status_updated":"30m"}',
      AGENT_INVENTORY_MAX_SIZE: '1000',
    });
    expect(settings).toMatchObject({
      HOST_MONITOR_INTERVAL: 1000,
      INSTALLATION_TIMEOUT: 5_400_000,
      ENABLE_UPGRADE_AGENT: false,
      DISABLED_STEPS: ['inventory', 'verify-vips'],
      RELEASE_IMAGES: [{ version: '4.20.1' }],
      TIMEOUTS: { HOST_STAGE_WRITING_IMAGE_TO_DISK_TIMEOUT: 120_000 },
      EVENT_RATE_LIMITS: { host_status_updated: 1_800_000 },
      AGENT_INVENTORY_MAX_SIZE: 1000,
    });
  });

  it.each([
    ['HOST_MONITOR_INTERVAL', '8', 'Go duration'],
    ['HOST_MONITOR_INTERVAL', '-8s', 'negative'],
    ['ENABLE_UPGRADE_AGENT', 'yes', 'true or false'],
    ['HW_VALIDATOR_MAX_TIME_DIFF_MINUTES', '4.5', 'whole number'],
    ['RELEASE_IMAGES', '{}', 'JSON array'],
    ['MUST_GATHER_IMAGES', '[', 'not valid JSON'],
    ['ISO_IMAGE_TYPE', 'tiny', 'full-iso or minimal-iso'],
    ['HOST_MONITOR_INTERVAL', 'banana', 'Go duration'],
    ['HOST_MONITOR_INTERVAL', '0s', 'longer than 0'],
    ['INSTALLATION_TIMEOUT', '99999999h', 'at most 2562047h'],
    ['HOST_STAGE_JOINED_TIMEOUT', '5', 'Go duration'],
    ['OS_IMAGES', '[1]', 'JSON array of objects'],
    ['EVENT_RATE_LIMITS', '{"x":7}', 'Go duration'],
    ['AUTH_TYPE', 'rhsso', 'none or local'],
  ])('refuse %s=%s', (name, value, hint) => {
    expect(() => settingsFromEnv({ [name]: value })).toThrow(new RegExp(`${name}.*${hint}`));
  });

  it('tell of all that cannot be read at once', () => {
    const wrong = {
      HOST_MONITOR_INTERVAL: 'banana',
      ENABLE_KUBE_API: 'yes',
      AUTH_TYPE: 'sso',
      LOG_PENDING_TIMEOUT: 'x',
    };
    const error = expect.objectContaining({ name: 'SettingsError' });
    expect(() => settingsFromEnv(wrong)).toThrow(error);
    expect(() => settingsFromEnv(wrong)).toThrow(
      /^ENABLE_KUBE_API: .*\nHOST_MONITOR_INTERVAL: "banana" .*\nAUTH_TYPE: .*\nLOG_PENDING_TIMEOUT: .*$/,
    );
  });

  it.each([
    ['8s', 8000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['0', 0],
  ])('read %s as %d ms', (text, milliseconds) => {
    expect(parseDuration('X', text)).toBe(milliseconds);
  });

  it('with an unknown validation keep the service from starting', () => {
    const settings = { ...defaultSettings(), DISABLED_HOST_VALIDATIONS: ['nonsense'] };
    const { clock } = new Site();
    expect(() => createService({ clock, settings, metrics: silentMetrics, uuid: () => 'x' })).toThrow(/nonsense/);
  });
});
