/** The key `collect` of a plan: where figures of the servers under load are read. */
import type { CollectTargets } from './expanded-plan.ts';
import type { PlanFile } from './schema.ts';
import { serviceUrl } from './service-url.ts';

/** Built-in lists of what a Prometheus is asked. */
export const PROMETHEUS_PROFILES = ['openshift'] as const;

/** Seconds between two looks, unless the plan says otherwise. */
const INTERVAL_SECONDS = 5;
const URL_ALLOWED = 'an http or https URL without user, query and fragment, such as http://127.0.0.1:8090';
const DATABASE_ALLOWED = 'an address such as postgres://user:password@host:5432/installer';
const INTERVAL_ALLOWED = 'from 1s to 10m';

/** What only a reader of plans can do. Paths are those of keys below `collect`. */
export interface CollectReader {
  refuse(path: readonly string[], allowed: string): void;
  seconds(duration: string): number;
  /** Text of a file that the plan names; undefined with a problem when it cannot be read. */
  readFile(path: readonly string[], name: string): string | undefined;
  /** Absolute path of what a plan names. */
  path(path: readonly string[], name: string): string;
}

export function collectTargets(given: PlanFile['collect'] = {}, reader: CollectReader): CollectTargets {
  const intervalSeconds = given.interval === undefined ? INTERVAL_SECONDS : reader.seconds(given.interval);
  if (intervalSeconds < 1 || intervalSeconds > 600) reader.refuse(['interval'], INTERVAL_ALLOWED);
  const url = (text: string, ...path: string[]) => {
    const checked = serviceUrl(text);
    if (checked === null) reader.refuse(path, URL_ALLOWED);
    return checked;
  };
  const { service = true, prometheus } = given;
  return {
    intervalSeconds,
    service: typeof service === 'boolean' ? service : (url(service, 'service') ?? false),
    controllers: given.controllers === undefined ? null : url(given.controllers, 'controllers'),
    imageService: given.image_service === undefined ? null : url(given.image_service, 'image_service'),
    hub: given.hub ?? true,
    database: databaseOf(given, reader),
    prometheus:
      prometheus === undefined ? null : prometheusOf(prometheus, url(prometheus.url, 'prometheus', 'url'), reader),
  };
}

function databaseOf(
  { database, database_file: file }: NonNullable<PlanFile['collect']>,
  reader: CollectReader,
): string | null {
  if (database !== undefined && file !== undefined)
    reader.refuse(['database_file'], 'one of database and database_file');
  const text = (file === undefined ? database : reader.readFile(['database_file'], file))?.trim();
  if (text === undefined) return null;
  const parsed = URL.parse(text);
  if (!parsed?.hostname || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    reader.refuse([file === undefined ? 'database' : 'database_file'], DATABASE_ALLOWED);
  }
  return text;
}

function prometheusOf(
  given: NonNullable<NonNullable<PlanFile['collect']>['prometheus']>,
  url: string | null,
  reader: CollectReader,
): CollectTargets['prometheus'] {
  const at = (key: string) => ['prometheus', key];
  const { token_file: token, ca_file: ca, insecure, profile = 'openshift' } = given;
  // What is no name is a path.
  const isPath = /[./]/.test(profile);
  if (!isPath && !PROMETHEUS_PROFILES.some((one) => one === profile)) {
    reader.refuse(at('profile'), `one of ${PROMETHEUS_PROFILES.join(', ')}, or the path of a YAML file`);
  }
  const caText = ca === undefined ? undefined : reader.readFile(at('ca_file'), ca);
  return {
    url: url ?? '',
    tokenFile: token === undefined ? null : reader.path(at('token_file'), token),
    tls: { ...(caText !== undefined && { ca: caText }), ...(insecure !== undefined && { insecure }) },
    profile: isPath
      ? { file: reader.path(at('profile'), profile) }
      : { name: profile as (typeof PROMETHEUS_PROFILES)[number] },
  };
}
