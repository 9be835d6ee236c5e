/** The collectors that a plan and its embedded servers ask for, and the sources that a run has none for. */
import { readFile } from 'node:fs/promises';
import type { KubeconfigSource } from '../../model/kube/kubeconfig.ts';
import { wallNow } from '../../model/time/clock.ts';
import type { Collector } from '../collect/collector.ts';
import { CONTROLLER_RULES, ControllerDerived } from '../collect/controller-metrics.ts';
import { EmbeddedDatabaseCollector } from '../collect/embedded-database.ts';
import { HttpText, type HttpTextOptions } from '../collect/http-text.ts';
import { HUB_RULES } from '../collect/hub-metrics.ts';
import { IMAGE_RULES } from '../collect/image-metrics.ts';
import type { MetricRule } from '../collect/metric-rules.ts';
import { type DerivedFigures, MetricsCollector, type MetricsSource } from '../collect/metrics-collector.ts';
import { PROFILES, type PrometheusProfile, readProfile } from '../collect/prometheus-profile.ts';
import { PrometheusCollector } from '../collect/prometheus-query.ts';
import { SERVICE_RULES, ServiceDerived } from '../collect/service-metrics.ts';
import { type CollectTargets, type ExpandedPlan, SERVICE_OF_HUB } from '../plan/expanded-plan.ts';
import { serverFigureNamed } from '../plan/server-figures.ts';
import { FIRST_SHARD_READS } from '../report/server-summary.ts';
import { environmentProxy } from './environment-proxy.ts';
import type { AbsentSource } from './server-collection.ts';

/** What runs where, as the run knows it. */
export interface RunningServers {
  /** Base URL of the service; '' when only the hub knows it. */
  service: string;
  /** Null when no cluster is made by custom resources. */
  hub: KubeconfigSource | null;
  /** Base URL of the embedded image service; null without one. */
  images: string | null;
}

export interface CollectedSources {
  collectors: Collector[];
  absent: AbsentSource[];
}

/**
 * Whether a run reads the servers. Shards of one plan load the same ones, and being read is a load too: once is enough, but for shards that a
 * figure of the servers is to end.
 */
function readsServers({ shard, service, thresholds }: ExpandedPlan): boolean {
  const ends = thresholds.some(
    (one) =>
      serverFigureNamed(one.figure) && one.thresholds.some(({ abortAfterSeconds }) => abortAfterSeconds !== null),
  );
  return shard.index === 0 || service.url === 'embedded' || ends;
}

/** @throws Error for a profile or kubeconfig that cannot be used. */
export async function collectorsOf(plan: ExpandedPlan, servers: RunningServers): Promise<CollectedSources> {
  const sources = await sourcesOf(plan, servers);
  if (readsServers(plan)) return sources;
  const left = sources.collectors.map(({ name, target }) => ({ name, target, reason: FIRST_SHARD_READS }));
  await Promise.all(sources.collectors.map((collector) => collector.close()));
  return { collectors: [], absent: [...left, ...sources.absent] };
}

async function sourcesOf(plan: ExpandedPlan, servers: RunningServers): Promise<CollectedSources> {
  const { collect, service } = plan;
  const embedded = service.url === 'embedded';
  const collectors: Collector[] = [];
  const absent: AbsentSource[] = [];
  const none = (name: string, reason: string) => absent.push({ name, target: '', reason });
  const own = { tls: service.tls, authorization: service.userAuthorization };
  const serviceBase = embedded || collect.service === true ? servers.service : collect.service;
  if (serviceBase) {
    const options = serviceBase === servers.service ? own : {};
    collectors.push(metrics('service', serviceBase, options, SERVICE_RULES, new ServiceDerived()));
  } else {
    none(
      'service',
      collect.service === false
        ? 'collect.service is false'
        : 'only the hub knows its address; name it in collect.service',
    );
  }
  const controllers = embedded && servers.hub ? servers.service : collect.controllers;
  if (controllers) collectors.push(metrics('controllers', controllers, {}, CONTROLLER_RULES, new ControllerDerived()));
  else if (servers.hub) none('controllers', 'collect.controllers is not given');
  const images = embedded ? servers.images : collect.imageService;
  if (images) collectors.push(metrics('image-service', images, {}, IMAGE_RULES));
  else if (plan.boot) none('image-service', 'collect.image_service is not given');
  if (servers.hub && (collect.hub || plan.hub?.kubeconfig === 'embedded'))
    collectors.push(await hubCollector(servers.hub));
  else if (servers.hub) none('hub', 'collect.hub is false');
  if (embedded) collectors.push(new EmbeddedDatabaseCollector(new HttpText(servers.service)));
  else if (collect.database !== null) collectors.push(await postgresCollector(collect.database));
  // A service that keeps its rows in memory says so; others answer 404 to the first look and are not asked again.
  else if (collect.service !== false && service.url !== SERVICE_OF_HUB) {
    const http = new HttpText(servers.service, { ...environmentProxy(), ...own });
    collectors.push(new EmbeddedDatabaseCollector(http, false));
  } else none('database', 'collect.database is not given');
  if (collect.prometheus) collectors.push(await prometheusCollector(collect.prometheus));
  return { collectors, absent };
}

function metrics(
  name: string,
  base: string,
  options: HttpTextOptions,
  rules: readonly MetricRule[],
  derived?: DerivedFigures,
): Collector {
  const http = new HttpText(base, { ...environmentProxy(), ...options });
  const source: MetricsSource = {
    target: `${http.target}/metrics`,
    get: (signal) => http.get('/metrics', signal),
    close: () => http.close(),
  };
  return new MetricsCollector({ name, source, rules, now: wallNow, ...(derived && { derived }) });
}

/** Clients of Kubernetes and PostgreSQL are loaded where they are used: most runs need neither, and they take tens of mebibytes. */
async function hubCollector(kubeconfig: KubeconfigSource): Promise<Collector> {
  const { loadKubeconfig } = await import('../../model/kube/kubeconfig.ts');
  const { HubSource } = await import('../collect/hub-source.ts');
  return new MetricsCollector({
    name: 'hub',
    source: new HubSource(loadKubeconfig(kubeconfig)),
    rules: HUB_RULES,
    now: wallNow,
  });
}

async function postgresCollector(url: string): Promise<Collector> {
  const { PostgresCollector } = await import('../collect/postgres.ts');
  return new PostgresCollector(url);
}

async function prometheusCollector({
  url,
  tls,
  tokenFile,
  profile,
}: NonNullable<CollectTargets['prometheus']>): Promise<Collector> {
  const token = async () => (tokenFile === null ? '' : (await readFile(tokenFile, 'utf8')).trim());
  const http = new HttpText(url, { ...environmentProxy(), tls });
  return new PrometheusCollector(http, await profileOf(profile), token);
}

async function profileOf(given: NonNullable<CollectTargets['prometheus']>['profile']): Promise<PrometheusProfile> {
  if ('file' in given) return readProfile(await readFile(given.file, 'utf8'), given.file);
  return PROFILES[given.name];
}
