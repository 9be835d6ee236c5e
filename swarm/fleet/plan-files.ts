/**
 * A plan as pods get it:
 *
 *   plan files, and files that they name ──► plan.yaml, certificates, templates   (ConfigMap, /plan)
 *                                        └─► pull secret, tokens, kubeconfig, …   (Secret, /secrets)
 *
 * Keys that hold a secret become keys that name a file; every path becomes that of the pod; name and seed are written down, because all
 * shards need the same.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { LoadedPlan } from '../plan/load.ts';
import type { PlanFile } from '../plan/schema.ts';
import { PodFiles } from './pod-file.ts';
import { portableKubeconfig } from './portable-kubeconfig.ts';

export interface PlanForPods {
  files: PodFiles;
  /** Path in the pod that `swarm run` takes. */
  plan: string;
  /** Base URL of the hub's Kubernetes API; null without a hub. */
  hubServer: string | null;
}

/**
 * @throws KubeconfigError for one that works on this machine alone; RangeError for a file that cannot be read
 */
export function planForPods(loaded: LoadedPlan, seed: string): PlanForPods {
  const files = new PodFiles();
  const { plan } = loaded;
  // What says nothing to a pod: the form of the plan, which part of it is whose, and programs that no host runs.
  const { schema: _, shard: _shard, programs: _programs, ...given } = structuredClone(loaded.given);
  const rest: PlanFile = { ...given, name: plan.name, seed };
  hidePullSecret(rest, loaded, files);
  hideServiceSecrets(rest, loaded, files);
  const hubServer = carryHub(rest, loaded, files);
  carryManifests(rest, loaded, files);
  carryCollect(rest, loaded, files);
  return { files, plan: files.addConfig('plan.yaml', yaml(rest)), hubServer };
}

const yaml = (value: object): string => stringify(value, { lineWidth: 0 });

function hidePullSecret(rest: PlanFile, { plan }: LoadedPlan, files: PodFiles): void {
  if (rest.pull_secret === undefined && rest.pull_secret_file === undefined) return;
  delete rest.pull_secret;
  rest.pull_secret_file = files.addSecret('pull-secret.json', plan.pullSecret);
}

function hideServiceSecrets(rest: PlanFile, { plan }: LoadedPlan, files: PodFiles): void {
  const { service } = rest;
  if (!service) return;
  const { agentToken, userAuthorization, tls } = plan.service;
  delete service.agent_token;
  delete service.agent_token_file;
  delete service.user_authorization;
  delete service.user_authorization_file;
  if (agentToken !== '') service.agent_token_file = files.addSecret('agent-token', agentToken);
  if (userAuthorization !== '')
    service.user_authorization_file = files.addSecret('user-authorization', userAuthorization);
  if (tls.ca !== undefined) service.ca_file = files.addConfig('service-ca.pem', tls.ca);
}

/** @returns address of the hub's API */
function carryHub(rest: PlanFile, { plan }: LoadedPlan, files: PodFiles): string | null {
  if (plan.hub === null || plan.hub.kubeconfig === 'embedded') return null;
  const { text, server } = portableKubeconfig(plan.hub.kubeconfig, plan.hub.context);
  const { context: _, ...hub } = rest.hub ?? {};
  rest.hub = { ...hub, kubeconfig: files.addSecret('hub.kubeconfig', text) };
  return server;
}

function carryManifests(rest: PlanFile, { plan }: LoadedPlan, files: PodFiles): void {
  const { values, templates } = plan.manifests;
  if (values === null && templates === null) return;
  rest.manifests = {
    ...(values && { values: files.addSecret('values.yaml', valuesForPods(values, files)) }),
    ...(templates !== null && { templates: carryTemplates(templates, files) }),
  };
}

/** A values file may name that of a pull secret, beside itself. */
function valuesForPods({ file, text }: { file: string; text: string }, files: PodFiles): string {
  const values = parse(text, { merge: true, logLevel: 'error' }) as Record<string, unknown> | null;
  if (typeof values?.pull_secret_file !== 'string') return text;
  const secret = read(resolve(dirname(file), values.pull_secret_file), `pull_secret_file of ${file}`);
  return yaml({ ...values, pull_secret_file: files.addSecret('values-pull-secret.json', secret) });
}

/** @returns path of the folder */
function carryTemplates(folder: string, files: PodFiles): string {
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('.njk'))
    .map((name) => files.addConfig(`templates/${name}`, read(join(folder, name), 'a template')));
  return dirname(paths[0]!);
}

/** Addresses hold no password: a plan that has one there is refused. */
function carryCollect(rest: PlanFile, { plan }: LoadedPlan, files: PodFiles): void {
  if (rest.collect === undefined) return;
  const { database: _, database_file: _file, prometheus: given, ...collect } = rest.collect;
  const { database, prometheus } = plan.collect;
  rest.collect = {
    ...collect,
    ...(database !== null && { database_file: files.addSecret('database', database) }),
    ...(given && prometheus && { prometheus: prometheusForPods(given, prometheus, files) }),
  };
}

type GivenPrometheus = NonNullable<NonNullable<PlanFile['collect']>['prometheus']>;
type ReadPrometheus = NonNullable<LoadedPlan['plan']['collect']['prometheus']>;

function prometheusForPods(given: GivenPrometheus, prometheus: ReadPrometheus, files: PodFiles): GivenPrometheus {
  const { tokenFile, tls, profile } = prometheus;
  return {
    ...given,
    ...(tokenFile !== null && {
      token_file: files.addSecret('prometheus-token', read(tokenFile, 'collect.prometheus.token_file')),
    }),
    ...(tls.ca !== undefined && { ca_file: files.addConfig('prometheus-ca.pem', tls.ca) }),
    ...('file' in profile && {
      profile: files.addConfig('prometheus-profile.yaml', read(profile.file, 'collect.prometheus.profile')),
    }),
  };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RangeError(`${what} is ${path}, which cannot be read (${code}); give the path of a file`, {
      cause: error,
    });
  }
}
