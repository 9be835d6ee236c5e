import { afterEach, beforeEach, expect, it } from 'vitest';
import { type HubReading, OVERRIDE_ANNOTATION, readHub } from './hub-reading.ts';
import { applyOverride, changesOf, OUR_CONFIG_MAP, planOverride, restoreOverride, stateOf } from './override.ts';
import { DeployedService } from './testing/deployed-service.ts';

let hub: DeployedService;
beforeEach(async () => {
  hub = await DeployedService.start();
});
afterEach(() => hub.close());

const AT = '2026-01-02T03:04:05Z';
const read = () => readHub(hub.client, undefined);
const planFor = (reading: HubReading, wanted: Record<string, string>) =>
  planOverride(reading, changesOf(reading, wanted), AT);

it('does not write over what somebody chose while it was being asked', async () => {
  const reading = await read();
  const plan = planFor(reading, { AUTH_TYPE: 'none' });
  await hub.annotate({ [OVERRIDE_ANNOTATION]: 'another' });
  await expect(applyOverride(hub.client, reading, plan)).rejects.toThrow('somebody changed the AgentServiceConfig');
  expect(await hub.configMap(OUR_CONFIG_MAP)).toBeUndefined();
  await expect(restoreOverride(hub.client, { ...reading, override: OUR_CONFIG_MAP })).rejects.toThrow();
});

it('does not mind what the operator changed meanwhile', async () => {
  const reading = await read();
  const plan = planFor(reading, { AUTH_TYPE: 'none' });
  await hub.annotate({ 'agent-install.openshift.io/other': 'x' });
  await applyOverride(hub.client, reading, plan);
  expect((await hub.config()).metadata.annotations).toMatchObject({ 'agent-install.openshift.io/other': 'x' });
});

it('remembers the first state through several changes', async () => {
  await hub.createConfigMap('theirs', { A: '1' });
  await hub.annotate({ [OVERRIDE_ANNOTATION]: 'theirs' });
  for (const wanted of [{ AUTH_TYPE: 'none' }, { LOG_LEVEL: 'debug' }, { AUTH_TYPE: 'local' }]) {
    const reading = await read();
    await applyOverride(hub.client, reading, planFor(reading, wanted));
  }
  const reading = await read();
  expect(stateOf(reading.agentServiceConfig)).toMatchObject({
    before: 'theirs',
    written: { AUTH_TYPE: 'local', LOG_LEVEL: 'debug' },
  });
});

it('counts only what is in force as being there', async () => {
  const reading = await read();
  expect(changesOf(reading, { AUTH_TYPE: 'local', LOG_LEVEL: 'debug', DB_PASS: 'x' })).toEqual([
    { name: 'DB_PASS', before: undefined, after: 'x' },
    { name: 'LOG_LEVEL', before: { value: 'info', from: 'ConfigMap assisted-service' }, after: 'debug' },
  ]);
});
