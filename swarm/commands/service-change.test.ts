import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RESOURCES } from '../../model/kube/resources.ts';
import { OVERRIDE_ANNOTATION } from '../cluster/service-config/hub-reading.ts';
import { OUR_CONFIG_MAP, STATE_ANNOTATION } from '../cluster/service-config/override.ts';
import { DeployedService, NAMESPACE } from '../cluster/service-config/testing/deployed-service.ts';
import { InputError } from './exit.ts';
import { serviceCommand } from './service.ts';
import { runInProcess } from './testing/in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-change-'));
afterAll(() => rmSync(folder, { recursive: true }));

let hub: DeployedService;
let out: string;
beforeEach(async () => {
  hub = await DeployedService.start();
  out = mkdtempSync(join(folder, 'out-'));
});
afterEach(() => hub.close());

const run = (...args: string[]) => runInProcess(serviceCommand, ['service', ...args]);
const configure = (...args: string[]) => run('configure', '--kubeconfig', hub.kubeconfig, '--out', out, ...args);
const restore = (...args: string[]) => run('restore', '--kubeconfig', hub.kubeconfig, ...args);
const annotations = async () => (await hub.config()).metadata.annotations ?? {};
const dataOf = async (name: string) => (await hub.configMap(name))?.data;
const environment = async () => {
  const deployment = await hub.client.get(RESOURCES.deployments, NAMESPACE, 'assisted-service');
  const { template } = deployment.spec as { template: { spec: { containers: { envFrom: object[] }[] } } };
  return template.spec.containers[0]!.envFrom;
};
const from = (name: string) => ({ configMapRef: { name } });

describe('configure and restore', () => {
  it('lay a ConfigMap over the service and take it away again', async () => {
    await hub.operate();
    const done = await configure('--set', 'AUTH_TYPE=none', '--set', 'LOG_LEVEL=info', '--yes');
    expect(done.error).toBeNull();
    expect(done.code).toBe(0);
    expect(done.stdout).toContain('AUTH_TYPE\n    - local (ConfigMap assisted-service)\n    + none\n');
    expect(done.stdout).not.toContain('LOG_LEVEL');
    expect(done.stderr).toMatch(/1 of 1 replicas are available\n$/);
    expect(await dataOf(OUR_CONFIG_MAP)).toEqual({ AUTH_TYPE: 'none' });
    expect(await environment()).toEqual([from('assisted-service'), from(OUR_CONFIG_MAP)]);
    expect((await annotations())[OVERRIDE_ANNOTATION]).toBe(OUR_CONFIG_MAP);
    const [file] = readdirSync(out);
    expect(statSync(join(out, file!)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(out, file!), 'utf8'))).toMatchObject({
      before: null,
      written: { AUTH_TYPE: 'none' },
    });

    const back = await restore('--yes');
    expect(back).toMatchObject({ error: null, code: 0 });
    expect(back.stderr).toContain('in force is the configuration of the operator alone');
    expect(await annotations()).toEqual({});
    expect(await hub.configMap(OUR_CONFIG_MAP)).toBeUndefined();
    expect(await environment()).toEqual([from('assisted-service')]);
    expect(hub.rollOuts).toBe(2);

    const again = await restore('--yes');
    expect(again).toMatchObject({ error: null, code: 0 });
    expect(again.stderr).toContain('nothing to restore');
  });

  it('keep a ConfigMap that was there, with its values in force and itself untouched', async () => {
    await hub.createConfigMap('theirs', { LOG_LEVEL: 'debug', NTP_DEFAULT_SERVER: 'ntp.example.com' });
    await hub.annotate({ [OVERRIDE_ANNOTATION]: 'theirs', other: 'stays' });
    await hub.operate();
    await expect.poll(() => hub.rollOuts).toBe(1);
    expect(await configure('--set', 'LOG_LEVEL=info', '--yes')).toMatchObject({ error: null, code: 0 });
    expect(await configure('--set', 'AUTH_TYPE=none', '--yes')).toMatchObject({ error: null, code: 0 });
    expect(await dataOf(OUR_CONFIG_MAP)).toEqual({
      LOG_LEVEL: 'info',
      NTP_DEFAULT_SERVER: 'ntp.example.com',
      AUTH_TYPE: 'none',
    });
    expect(hub.rollOuts).toBe(3);
    expect(await restore('--yes')).toMatchObject({ error: null, code: 0 });
    expect(await annotations()).toEqual({ [OVERRIDE_ANNOTATION]: 'theirs', other: 'stays' });
    expect(await dataOf('theirs')).toEqual({ LOG_LEVEL: 'debug', NTP_DEFAULT_SERVER: 'ntp.example.com' });
    expect(await environment()).toEqual([from('assisted-service'), from('theirs')]);
  });

  it('take what check would have changed for a plan', async () => {
    await hub.operate();
    const plan = join(folder, 'plan.yaml');
    writeFileSync(plan, "name: p\nseed: one\nopenshift_version: '4.20'\nclusters: [{topology: sno}]\n");
    expect(await configure('--plan', plan, '--yes')).toMatchObject({ error: null, code: 0 });
    expect(await dataOf(OUR_CONFIG_MAP)).toMatchObject({ AUTH_TYPE: 'none', ENABLE_DATA_COLLECTION: 'false' });
    const again = await configure('--plan', plan, '--yes');
    expect(again.stderr).toContain('nothing to change');
  });

  it('say that a roll-out does not come to its end', async () => {
    hub.stuck = true;
    await hub.operate();
    const stuck = await configure('--set', 'AUTH_TYPE=none', '--yes', '--timeout', '100ms');
    expect(stuck).toMatchObject({ error: null, code: 1 });
    expect(stuck.stderr).toMatch(/the service does not run with it after 0\.1 s: /);
  });
});

describe('configure', () => {
  it('asks first, and changes nothing where nobody can answer', async () => {
    const { error, stdout } = await configure('--set', 'AUTH_TYPE=none');
    expect(error).toBeInstanceOf(InputError);
    expect(error?.message).toBe('there is no terminal to ask on, so nothing was changed; give --yes');
    expect(stdout).toContain('+ none');
    expect(await annotations()).toEqual({});
    expect(await hub.configMap(OUR_CONFIG_MAP)).toBeUndefined();
  });

  it('names everything that is wrong with settings', async () => {
    const { error } = await configure(
      '--set',
      'AUTH_TYP=none',
      '--set',
      'LOG_LEVEL',
      '--set',
      'HOST_MONITOR_INTERVAL=8',
    );
    expect(error).toBeInstanceOf(InputError);
    expect(error?.message.split('\n')).toEqual([
      '--set: AUTH_TYP is not a variable of the service; did you mean AUTH_TYPE?',
      '--set LOG_LEVEL has no value; allowed: NAME=VALUE, such as LOG_LEVEL=info',
      '--set: HOST_MONITOR_INTERVAL is 8; allowed: a duration as Go writes it, such as 90s, 5m or 1h30m',
    ]);
  });

  it('does not write over a ConfigMap of somebody else, nor follow one that is missing', async () => {
    await hub.createConfigMap(OUR_CONFIG_MAP, { A: 'b' });
    const taken = await configure('--set', 'AUTH_TYPE=none', '--yes');
    expect(taken.error?.message).toContain(`has a ConfigMap ${OUR_CONFIG_MAP} that is not of this program`);
    expect(await dataOf(OUR_CONFIG_MAP)).toEqual({ A: 'b' });
    expect(await annotations()).toEqual({});
    await hub.annotate({ [OVERRIDE_ANNOTATION]: 'nowhere' });
    const missing = await configure('--set', 'AUTH_TYPE=none', '--yes');
    expect(missing.error?.message).toContain('names a ConfigMap nowhere that does not exist');
  });

  it('prints what to set where no operator does it', async () => {
    const free = { metadata: { ownerReferences: null } };
    await hub.client.patch(RESOURCES.deployments, NAMESPACE, 'assisted-service', free);
    await hub.client.delete(RESOURCES.agentServiceConfigs, undefined, 'agent');
    const { code, stdout, stderr } = await configure('--set', 'AUTH_TYPE=none', '--set', 'LOG_LEVEL=info');
    expect(code).toBe(0);
    expect(stderr).toContain('no AgentServiceConfig has made this service, so nothing was changed');
    expect(parse(stdout)).toEqual({ data: { AUTH_TYPE: 'none', LOG_LEVEL: 'info' } });
    const back = await restore('--yes');
    expect(back.error?.message).toContain('has no AgentServiceConfig, so this program has changed nothing there');
  });
});

describe('restore', () => {
  /** As configure leaves it, without a wait for the roll-out. */
  const configured = () => configure('--set', 'AUTH_TYPE=none', '--yes', '--timeout', '1ms');

  it('tells what somebody changed meanwhile', async () => {
    await configured();
    await hub.client.patch(RESOURCES.configMaps, NAMESPACE, OUR_CONFIG_MAP, { data: { LOG_LEVEL: 'debug' } });
    await hub.operate();
    await expect.poll(() => hub.rollOuts).toBe(1);
    const { code, stderr } = await restore('--yes');
    expect(code).toBe(0);
    expect(stderr).toContain(`somebody changed LOG_LEVEL in ConfigMap ${OUR_CONFIG_MAP} since`);
    expect(await annotations()).toEqual({});
  });

  it('leaves the choice of somebody else, unless told', async () => {
    await configured();
    await hub.createConfigMap('another', {});
    await hub.annotate({ [OVERRIDE_ANNOTATION]: 'another' });
    const { code, stderr } = await restore('--yes');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'the annotation names ConfigMap another now, which is not what this program set; it stays',
    );
    expect(await annotations()).toEqual({ [OVERRIDE_ANNOTATION]: 'another' });
    expect(await hub.configMap(OUR_CONFIG_MAP)).toBeUndefined();
  });

  it('brings back what was before over the choice of somebody else, when forced', async () => {
    await configured();
    await hub.createConfigMap('another', {});
    await hub.annotate({ [OVERRIDE_ANNOTATION]: 'another' });
    await restore('--yes', '--force', '--timeout', '1ms');
    expect(await annotations()).toEqual({});
  });

  it('removes what a killed configure has left', async () => {
    await configured();
    await hub.annotate({ [OVERRIDE_ANNOTATION]: null, [STATE_ANNOTATION]: null });
    expect(await restore('--yes')).toMatchObject({ error: null, code: 0 });
    expect(await hub.configMap(OUR_CONFIG_MAP)).toBeUndefined();
  });

  it('takes what was before from its own ConfigMap, or from the file', async () => {
    await hub.createConfigMap('theirs', { LOG_LEVEL: 'debug' });
    await hub.annotate({ [OVERRIDE_ANNOTATION]: 'theirs' });
    await configured();
    await hub.annotate({ [STATE_ANNOTATION]: null });
    await restore('--yes', '--timeout', '1ms');
    expect(await annotations()).toEqual({ [OVERRIDE_ANNOTATION]: 'theirs' });

    await configured();
    const state = join(out, readdirSync(out)[0]!);
    await hub.annotate({ [STATE_ANNOTATION]: null });
    await hub.client.patch(RESOURCES.configMaps, NAMESPACE, OUR_CONFIG_MAP, { metadata: { annotations: null } });
    const lost = await restore('--yes');
    expect(lost.error?.message).toContain('what was before is written nowhere on the hub; give the file');
    await restore('--yes', '--state', state, '--timeout', '1ms');
    expect(await annotations()).toEqual({ [OVERRIDE_ANNOTATION]: 'theirs' });
    expect((await restore('--state', join(folder, 'plan.yaml'))).error?.message).toContain(
      'does not hold what this program writes',
    );
  });
});
