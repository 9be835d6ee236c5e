/** Reads plan files: YAML (or JSON) in, a checked {@link Plan} out, and every error with the place it is about. */

import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { allowedWords } from '../../model/text/allowed-words.ts';
import { randomSeed } from '../../model/time/random.ts';
import { MAX_HOSTS } from '../host/identity.ts';
import { DEFAULT_PROFILES } from '../host/profiles.ts';
import { perHour, readArrival } from './arrival.ts';
import { bootLoad } from './boot-load.ts';
import { collectTargets } from './collect-plan.ts';
import { STOCK_IDLE_SECONDS } from './connections.ts';
import { parseDuration } from './duration.ts';
import {
  type ClusterApi,
  type FigureThresholds,
  type HubFlow,
  type HubTarget,
  type ManifestSources,
  type Platform,
  type ProgramSource,
  type ProgramSources,
  type RunPhases,
  SERVICE_OF_HUB,
  type ServiceTarget,
  type StockPrograms,
  type WaitLimits,
} from './expanded-plan.ts';
import { faultProfiles } from './fault-profiles.ts';
import { linkPlans } from './link-plans.ts';
import { operatorWarnings } from './operators.ts';
import { type NoopShare, type Plan, type PlanCluster, PlanError, type PlanProblem, type Position } from './plan.ts';
import { formatGiven, formatPath, type Path, PlanSource } from './plan-source.ts';
import { isPullSecret, PULL_SECRET_ALLOWED } from './pull-secret.ts';
import { churnPerHour, readerLoads } from './reader-loads.ts';
import { PLAN_LIMITS, type PlanFile, type PlanFileCluster, planFileSchema } from './schema.ts';
import { type FileForm, schemaProblems, wrongValue } from './schema-problems.ts';
import { SERVICE_URL_ALLOWED, serviceUrl } from './service-url.ts';
import { formatFigure, OFF, parseExpression, parseFigure, ThresholdError } from './thresholds.ts';

export interface LoadOptions {
  /**
   * Read the files that a plan names (pull secret, tokens, CA). False refuses such keys: a plan that came over the network must not
   * choose files of this machine.
   */
  allowFiles: boolean;
  /** What hosts with `agent: noop` run where the plan names nothing. */
  programs?: StockPrograms | null;
}

const DEFAULTS = {
  openshiftVersion: '4.20',
  baseDomain: 'swarm.example.com',
  idleSeconds: STOCK_IDLE_SECONDS,
  spokeAddress: '127.0.0.1',
  bootSpreadSeconds: 60,
  limits: { discovery: 1800, ready: 1800, install: 10_800, day2: 7200 } satisfies WaitLimits,
  /** Well-formed and worthless: the user "swarm" with the password "swarm" at registries that agents' images come from. */
  pullSecret: JSON.stringify({
    auths: Object.fromEntries(
      ['cloud.openshift.com', 'quay.io', 'registry.redhat.io', 'registry.connect.redhat.com'].map((registry) => [
        registry,
        { auth: 'c3dhcm06c3dhcm0=', email: 'swarm@example.com' },
      ]),
    ),
  }),
  /** Nobody has the private half. */
  sshPublicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKN8dmVqY4UK4BwTfHV9xNeA51dlfooMKBa9SjWR3D8X swarm@example.com',
};

const PLAN_FORM: FileForm = {
  schema: planFileSchema,
  subject: 'the plan',
  // There may be a password before an @.
  urlKeys: new Set(['service', 'url', 'service_endpoint', 'controllers', 'image_service', 'database']),
  secretKeys: new Set(['pull_secret', 'agent_token', 'user_authorization']),
};

/** In place of a path: the plan comes on standard input. */
const STDIN = '-';

/**
 * Reads one plan from one or several files, `-` for standard input, each of which gives a part of it (for example a list of clusters and the data of a
 * service). No key may be given in two of them.
 * @throws PlanError with every problem found.
 */
export function loadPlan(files: readonly string[]): Plan {
  return loadPlanFiles(files).plan;
}

/** A plan beside what its files say. */
export interface LoadedPlan {
  plan: Plan;
  /** All keys of all files, with paths as they were given. */
  given: PlanFile;
  /** Absolute path of the folder that paths below a top-level key are relative to. */
  folderOf: (key: string) => string;
}

/** {@link loadPlan}, for those who hand the plan on as files. @throws PlanError with every problem found. */
export function loadPlanFiles(files: readonly string[]): LoadedPlan {
  const problems: PlanProblem[] = [];
  const sources: PlanSource[] = [];
  for (const file of files) {
    try {
      sources.push(new PlanSource(file, readFileSync(file === STDIN ? 0 : file, 'utf8')));
    } catch (error) {
      if (error instanceof PlanError) for (const one of error.problems) problems.push(one);
      else
        problems.push({
          file,
          line: 1,
          column: 1,
          message: `cannot be read: ${reasonOf(error)}; give the path of a YAML file`,
        });
    }
  }
  if (files.length === 0) throw new Error('loadPlan needs at least one file');
  if (problems.length > 0) throw new PlanError(problems);
  const reader = new PlanReader(sources, { allowFiles: true });
  const plan = reader.read();
  return { plan, given: reader.given, folderOf: (key) => reader.folderOf(key) };
}

/**
 * Reads a plan from text (YAML or JSON) or from plain data, as the control API gets it.
 * @param fileName what errors call it
 * @throws PlanError with every problem found.
 */
export function parsePlan(plan: string | object, fileName: string, options: LoadOptions = { allowFiles: false }): Plan {
  const text = typeof plan === 'string' ? plan : JSON.stringify(plan, null, 2);
  return new PlanReader([new PlanSource(fileName, text)], options).read();
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a directory';
  return code ?? (error as Error).message;
}

class PlanReader {
  readonly #sources: readonly PlanSource[];
  readonly #options: LoadOptions;
  readonly #problems: PlanProblem[] = [];
  readonly #warnings: PlanProblem[] = [];
  readonly #given: PlanFile = {};
  /** The file that gave each top-level key. */
  readonly #origins = new Map<string, PlanSource>();

  constructor(sources: readonly PlanSource[], options: LoadOptions) {
    this.#sources = sources;
    this.#options = options;
  }

  /** All keys of all files; complete once the plan was read. */
  get given(): PlanFile {
    return this.#given;
  }

  /** Absolute path of the folder that paths below a top-level key are relative to. */
  folderOf(key: string): string {
    return resolve(dirname(this.#sourceOf(key).file));
  }

  read(): Plan {
    const plan = this.#given;
    for (const source of this.#sources) this.#merge(plan, source);
    this.#stopOnProblems();
    if (!plan.clusters) {
      const first = this.#sources[0]!.positionOf([]);
      this.#problems.push({ ...first, message: 'the key clusters is missing; allowed: a list of clusters' });
    }
    const result = this.#resolve(plan);
    this.#stopOnProblems();
    return { ...result, warnings: this.#warnings };
  }

  #stopOnProblems(): void {
    if (this.#problems.length === 0) return;
    const order = (problem: PlanProblem) => this.#sources.findIndex((source) => source.file === problem.file);
    throw new PlanError(
      this.#problems.toSorted((a, b) => order(a) - order(b) || a.line - b.line || a.column - b.column),
    );
  }

  /** Checks one file against the schema and adds its keys. */
  #merge(plan: PlanFile, source: PlanSource): void {
    const parsed = planFileSchema.safeParse(source.value, { error: allowedWords });
    if (!parsed.success) {
      for (const one of schemaProblems(source, parsed.error.issues, PLAN_FORM)) this.#problems.push(one);
    }
    if (typeof source.value !== 'object' || source.value === null) return;
    for (const key of Object.keys(source.value)) {
      const before = this.#origins.get(key);
      if (key === 'schema') continue;
      if (before) {
        const place = before.positionOfKey([], key);
        this.#problems.push({
          ...source.positionOfKey([], key),
          message: `${key} is given again; allowed: once (it is also at ${place.file}:${place.line}:${place.column})`,
        });
      } else {
        this.#origins.set(key, source);
      }
    }
    if (parsed.success) Object.assign(plan, parsed.data);
  }

  /** Adds "PATH is GIVEN; allowed: …" at the value's place. */
  #wrong(source: PlanSource, path: Path, allowed: string): void {
    this.#problems.push(wrongValue(source, path, allowed, PLAN_FORM));
  }

  /** The file that gave a top-level key. */
  #sourceOf(key: string): PlanSource {
    return this.#origins.get(key) ?? this.#sources[0]!;
  }

  #refuse(path: Path, allowed: string): void {
    this.#wrong(this.#sourceOf(String(path[0])), path, allowed);
  }

  /** Complains when two ways to say the same thing are both used. */
  #onlyOne(first: Path, second: Path, given: boolean): void {
    if (!given) return;
    const key = String(second.at(-1));
    this.#problems.push({
      ...this.#sourceOf(String(second[0])).positionOfKey(second.slice(0, -1), key),
      message: `${formatPath(first)} and ${formatPath(second)} are both given; allowed: one of them`,
    });
  }

  #resolve(file: PlanFile): Omit<Plan, 'warnings'> {
    const hub = this.#hub(file);
    const service = this.#service(file, hub);
    const clockSpeed = file.clock_speed ?? 1;
    if (clockSpeed !== 1 && service.url !== 'embedded') {
      const place = service.url === SERVICE_OF_HUB ? 'of the hub' : `at ${service.url}`;
      this.#refuse(
        ['clock_speed'],
        `1, because the service ${place} keeps real time (other speeds only with service.url: embedded)`,
      );
    }
    const shard = file.shard ?? { index: 0, count: 1 };
    if (shard.index >= shard.count) this.#refuse(['shard', 'index'], `a whole number from 0 to ${shard.count - 1}`);
    if (shard.count > 1 && file.seed === undefined) {
      this.#problems.push({
        ...this.#sourceOf('shard').positionOfKey([], 'shard'),
        message: 'a shard without a seed; all shards of a run need the same seed: add the key seed',
      });
    }
    const name = file.name ?? nameOfFile(this.#sourceOf('clusters').file);
    const duration = (text: string | undefined, otherwise: number) =>
      text === undefined ? otherwise : parseDuration(text);
    return {
      name,
      seed: file.seed === undefined ? randomSeed() : String(file.seed),
      seedGiven: file.seed !== undefined,
      service,
      hub,
      manifests: this.#manifests(file),
      clockSpeed,
      connections: {
        mode: file.connections?.mode ?? 'per-poll',
        idleSeconds: file.connections?.idle_seconds ?? DEFAULTS.idleSeconds,
        sourceAddresses: file.connections?.source_addresses ?? [],
      },
      pollIntervalSeconds: this.#interval(file, 'poll_interval'),
      userPollSeconds: this.#interval(file, 'user_poll_interval'),
      spokeProfile: file.spoke_profile ?? 'typical',
      openshiftVersion: file.openshift_version ?? DEFAULTS.openshiftVersion,
      releaseImage: file.release_image ?? null,
      pullSecret: this.#pullSecret(file),
      sshPublicKey: this.#sshPublicKey(file),
      baseDomain: file.base_dns_domain ?? DEFAULTS.baseDomain,
      limits: {
        discovery: duration(file.limits?.discovery, DEFAULTS.limits.discovery),
        ready: duration(file.limits?.ready, DEFAULTS.limits.ready),
        install: duration(file.limits?.install, DEFAULTS.limits.install),
        day2: duration(file.limits?.day2, DEFAULTS.limits.day2),
      },
      thresholds: this.#thresholds(file),
      faults: faultProfiles(
        file.faults,
        (entry) => this.#sourceOf('faults').positionOf(['faults', entry]),
        (path, allowed) => this.#refuse(['faults', ...path], allowed),
      ),
      collect: collectTargets(file.collect, {
        refuse: (path, allowed) => this.#refuse(['collect', ...path], allowed),
        seconds: parseDuration,
        readFile: (path, name) => this.#readFile(['collect', ...path], name),
        path: (path, name) => this.#path(['collect', ...path], name),
      }),
      boot: bootLoad(file.boot, (key, allowed) => this.#refuse(['boot', key], allowed)),
      links: linkPlans(file.links, (path, allowed) => this.#refuse(['links', ...path], allowed)),
      programs: this.#programs(file, service.url === 'embedded'),
      keep: file.keep ?? false,
      shuffle: file.shuffle ?? false,
      arrival: readArrival(file.arrival, (key, allowed) =>
        this.#refuse(['arrival', ...(key === null ? [] : [key])], allowed),
      ),
      phases: this.#phases(file.phases),
      readers: readerLoads(
        file.readers,
        { service: service.url !== SERVICE_OF_HUB, hub: hub !== null },
        (path, allowed) => this.#refuse(['readers', ...path], allowed),
      ),
      churnPerHour: churnPerHour(file.churn),
      bootSpreadSeconds: duration(file.boot_spread, DEFAULTS.bootSpreadSeconds),
      clusters: this.#clusters(file, name),
      shard,
    };
  }

  /** Seconds; null where the plan leaves it to others. */
  #interval(file: PlanFile, key: 'poll_interval' | 'user_poll_interval'): number | null {
    const text = file[key];
    if (text === undefined) return null;
    const seconds = parseDuration(text);
    if (seconds < 1 || seconds > 3600) this.#refuse([key], 'from 1s to 1h');
    return seconds;
  }

  /** Null when nothing is made by custom resources. */
  #hub(file: PlanFile): HubTarget | null {
    const entries = file.clusters ?? [];
    const some = entries.some((entry) => apiOf(file, entry) === 'kube');
    if (!some) {
      for (const key of ['hub', 'manifests'] as const) {
        if (file[key] === undefined || file.clusters === undefined) continue;
        const message = `${key} is given and no cluster is made by custom resources; add api: kube, or leave it out`;
        this.#problems.push({ ...this.#sourceOf(key).positionOfKey([], key), message });
      }
      return null;
    }
    const { kubeconfig, context } = file.hub ?? {};
    const rest = {
      converged: file.hub?.converged ?? null,
      spokeAddress: file.hub?.spoke_address ?? DEFAULTS.spokeAddress,
    };
    const url = file.service?.url ?? file.service_endpoint;
    const ownService = url === undefined || url === 'embedded';
    if (kubeconfig === undefined || kubeconfig === 'embedded') {
      if (context !== undefined) this.#refuse(['hub', 'context'], 'a context only beside hub.kubeconfig with a path');
      if (!ownService) {
        const source = this.#sourceOf(
          file.hub === undefined ? (file.service === undefined ? 'service_endpoint' : 'service') : 'hub',
        );
        this.#problems.push({
          ...source.positionOf([]),
          message:
            'clusters with api: kube and a service of your own need its hub; add hub: {kubeconfig: <path of a kubeconfig>}',
        });
      }
      return { kubeconfig: 'embedded', context: null, ...rest };
    }
    if (url === 'embedded') {
      this.#refuse(
        ['hub', 'kubeconfig'],
        'embedded beside service.url: embedded (leave service.url out: each InfraEnv of a hub names its service)',
      );
    }
    if (url === undefined && entries.some((entry) => apiOf(file, entry) === 'rest')) {
      this.#problems.push({
        ...this.#sourceOf('hub').positionOfKey([], 'hub'),
        message: 'clusters with api: rest beside a hub of your own need service.url; add the base URL of its service',
      });
    }
    return { kubeconfig: this.#path(['hub', 'kubeconfig'], kubeconfig), context: context ?? null, ...rest };
  }

  /** Null when no host is a no-op one. @param embedded beside a service of ours, whose time may run fast */
  #programs(file: PlanFile, embedded: boolean): ProgramSources | null {
    const entries = file.clusters ?? [];
    const given = file.programs ?? {};
    const isNoop = (entry: PlanFileCluster) => noopShare(file, entry).share > 0;
    const first = entries.findIndex(isNoop);
    if (first < 0) {
      // A share that is 0% for once leaves everything else of a plan as it is.
      const hasShare = entries.some((entry) => typeof (entry.agent ?? file.agent) === 'object');
      if (file.programs !== undefined && !hasShare) {
        const message = 'programs is given and no host runs them; add agent: noop, or leave it out';
        this.#problems.push({ ...this.#sourceOf('programs').positionOfKey([], 'programs'), message });
      }
      return null;
    }
    const path: Path = entries[first]!.agent !== undefined ? ['clusters', first, 'agent'] : ['agent'];
    if (embedded && (file.clock_speed ?? 1) !== 1)
      this.#refuse(['clock_speed'], '1 beside agent: noop, because stock programs keep real time');
    const needed = entries.some((entry) => !entry.just_infraenv && isNoop(entry))
      ? (['agent', 'installer', 'controller', 'controller_manifests'] as const)
      : (['agent'] as const);
    if (file.programs === undefined && this.#options.programs) return this.#options.programs;
    const inImage = typeof given.installer === 'object';
    const missing = needed.filter((key) => given[key] === undefined && !(key === 'controller_manifests' && inImage));
    if (missing.length > 0) {
      this.#refuse(path, `noop only beside its stock programs (missing: programs.${missing.join(', programs.')})`);
      return null;
    }
    const manifests = given.controller_manifests;
    return {
      agent: this.#program('agent', given.agent)!,
      installer: this.#program('installer', given.installer),
      controller: this.#program('controller', given.controller),
      manifests: manifests === undefined ? null : this.#path(['programs', 'controller_manifests'], manifests),
    };
  }

  #program(key: string, given: string | { image: string } | undefined): ProgramSource | null {
    if (given === undefined) return null;
    if (typeof given === 'string') return this.#path(['programs', key], given);
    if (!this.#options.allowFiles) this.#refuseFile(['programs', key, 'image'], given.image, 'run it from a file');
    return { image: given.image };
  }

  #manifests(file: PlanFile): ManifestSources {
    const { values, templates } = file.manifests ?? {};
    const text = values === undefined ? undefined : this.#readFile(['manifests', 'values'], values);
    return {
      values: text === undefined ? null : { file: resolve(dirname(this.#sourceOf('manifests').file), values!), text },
      templates: templates === undefined ? null : this.#path(['manifests', 'templates'], templates),
    };
  }

  /** Absolute path of what a plan names. */
  #path(path: Path, name: string): string {
    const source = this.#sourceOf(String(path[0]));
    if (!this.#options.allowFiles) this.#refuseFile(path, name, 'run it from a file');
    return resolve(dirname(source.file), name);
  }

  #refuseFile(path: Path, name: string, instead: string): void {
    const source = this.#sourceOf(String(path[0]));
    this.#problems.push({
      ...source.positionOfKey(path.slice(0, -1), String(path.at(-1))),
      message: `${formatPath(path)} is ${formatGiven(name)}; allowed: no files in a plan that is sent over the network, ${instead} instead`,
    });
  }

  #service(file: PlanFile, hub: HubTarget | null): ServiceTarget {
    const { service = {} } = file;
    this.#onlyOne(
      ['service', 'url'],
      ['service_endpoint'],
      service.url !== undefined && file.service_endpoint !== undefined,
    );
    const path: Path = service.url === undefined ? ['service_endpoint'] : ['service', 'url'];
    const given = service.url ?? file.service_endpoint;
    const unsaid = hub === null || hub.kubeconfig === 'embedded' ? 'embedded' : SERVICE_OF_HUB;
    const url = given === undefined || given === 'embedded' ? (given ?? unsaid) : serviceUrl(given);
    if (url === null) {
      this.#refuse(path, SERVICE_URL_ALLOWED);
    }
    const ca = service.ca_file === undefined ? undefined : this.#readFile(['service', 'ca_file'], service.ca_file);
    if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
      this.#refuse(['service', 'ca_file'], 'a file of PEM certificates (-----BEGIN CERTIFICATE-----)');
    }
    return {
      url: url ?? 'embedded',
      tls: {
        ...(ca === undefined ? {} : { ca }),
        ...(service.insecure === undefined ? {} : { insecure: service.insecure }),
      },
      agentToken: this.#secret(['service', 'agent_token'], service.agent_token, service.agent_token_file),
      userAuthorization: this.#secret(
        ['service', 'user_authorization'],
        service.user_authorization,
        service.user_authorization_file,
      ),
    };
  }

  /** A header value given as text or in a file; '' when neither is given. */
  #secret(path: Path, text: string | undefined, file: string | undefined): string {
    const filePath = [...path.slice(0, -1), `${path.at(-1)}_file`];
    this.#onlyOne(path, filePath, text !== undefined && file !== undefined);
    const value = (file === undefined ? (text ?? '') : (this.#readFile(filePath, file) ?? '')).trim();
    // A line feed inside would end the header it becomes.
    if (/[^\t\x20-\x7e]/.test(value)) this.#refuse(file === undefined ? path : filePath, 'one line of printable ASCII');
    return value;
  }

  #pullSecret(file: PlanFile): string {
    this.#onlyOne(
      ['pull_secret'],
      ['pull_secret_file'],
      file.pull_secret !== undefined && file.pull_secret_file !== undefined,
    );
    const text =
      file.pull_secret_file === undefined
        ? file.pull_secret
        : this.#readFile(['pull_secret_file'], file.pull_secret_file);
    if (text === undefined) return DEFAULTS.pullSecret;
    if (!isPullSecret(text)) {
      this.#refuse([file.pull_secret_file === undefined ? 'pull_secret' : 'pull_secret_file'], PULL_SECRET_ALLOWED);
    }
    return text.trim();
  }

  #sshPublicKey(file: PlanFile): string {
    this.#onlyOne(
      ['ssh_public_key'],
      ['ssh_pub_key'],
      file.ssh_public_key !== undefined && file.ssh_pub_key !== undefined,
    );
    return (file.ssh_public_key ?? file.ssh_pub_key ?? DEFAULTS.sshPublicKey).trim();
  }

  #readFile(path: Path, name: string): string | undefined {
    const source = this.#sourceOf(String(path[0]));
    const key = String(path.at(-1));
    if (!this.#options.allowFiles) {
      const instead = /^(ca|values)/.test(key) ? 'run it from a file' : `give ${key.replace(/_file$/, '')}`;
      this.#refuseFile(path, name, instead);
      return undefined;
    }
    const file = resolve(dirname(source.file), name);
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      this.#refuse(path, `the path of a file that can be read (${reasonOf(error)}: ${file})`);
      return undefined;
    }
  }

  #thresholds(file: PlanFile): FigureThresholds[] {
    const source = this.#sourceOf('thresholds');
    const entries = new Map<string, FigureThresholds>();
    for (const [key, given] of Object.entries(file.thresholds ?? {})) {
      const parsed = this.#checked(source.positionOfKey(['thresholds'], key), () => parseFigure(key));
      if (!parsed) continue;
      const { figure, labels } = parsed;
      const written = formatFigure(figure.name, labels);
      if (entries.has(written)) {
        const message = `thresholds: ${written} is given twice; allowed: once, with a list of expressions`;
        this.#problems.push({ ...source.positionOfKey(['thresholds'], key), message });
        continue;
      }
      const entry: FigureThresholds = { figure: figure.name, labels, thresholds: [] };
      entries.set(written, entry);
      if (given === OFF) continue;
      for (const [i, one] of (Array.isArray(given) ? given : [given]).entries()) {
        const path: Path = ['thresholds', key, ...(Array.isArray(given) ? [i] : [])];
        const { threshold: expression, abort = false, after } = typeof one === 'string' ? { threshold: one } : one;
        if (after !== undefined && !abort) this.#refuse([...path, 'after'], 'only beside abort: true');
        const threshold = this.#checked(source.positionOf(path), () => parseExpression(expression, figure, labels));
        if (!threshold) continue;
        const abortAfterSeconds = abort ? (after === undefined ? 0 : parseDuration(after)) : null;
        entry.thresholds.push({ ...threshold, abortAfterSeconds });
      }
    }
    return [...entries.values()];
  }

  /** What `read` gives; undefined with a problem at this place when it is a threshold that is wrong. */
  #checked<T>(place: Position, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ThresholdError)) throw error;
      this.#problems.push({ ...place, message: `thresholds: ${error.message}` });
      return undefined;
    }
  }

  #phases(given: PlanFile['phases']): RunPhases {
    const seconds = (text: string | undefined) => (text === undefined ? 0 : parseDuration(text));
    const removePerHour = given?.remove === undefined ? null : perHour(given.remove);
    if (removePerHour === 0) this.#refuse(['phases', 'remove'], 'more than 0 clusters in a unit of time');
    return { idleSeconds: seconds(given?.idle), soakSeconds: seconds(given?.soak), removePerHour };
  }

  #clusters(file: PlanFile, planName: string): PlanCluster[] {
    const clusters = (file.clusters ?? []).map((entry, i) => this.#cluster(file, entry, ['clusters', i], planName));
    let hosts = 0;
    for (const [i, cluster] of clusters.entries()) {
      hosts += cluster.amount * (cluster.controlPlanes + cluster.arbiters + cluster.workers + cluster.day2Workers);
      if (hosts > Math.min(PLAN_LIMITS.hosts, MAX_HOSTS)) {
        this.#refuse(
          ['clusters', i, 'amount'],
          `at most ${PLAN_LIMITS.hosts} hosts in a plan (there are ${hosts} up to this entry)`,
        );
        break;
      }
    }
    return clusters;
  }

  #cluster(file: PlanFile, entry: PlanFileCluster, path: Path, planName: string): PlanCluster {
    const at = (key: string): Path => [...path, key];
    const source = this.#sourceOf('clusters');
    const roles = this.#topology(entry, path);
    const single = roles.controlPlanes === 1;
    const justInfraEnv = entry.just_infraenv ?? false;
    const day2Workers = entry.day2_workers ?? 0;
    if (justInfraEnv && day2Workers > 0) {
      this.#refuse(at('day2_workers'), '0 beside just_infraenv: true, where no cluster exists that could grow');
    }

    // The plan's platform is meant for clusters that can choose; a single node cannot.
    let platform: Platform = entry.platform ?? (single ? 'none' : (file.platform ?? 'baremetal'));
    if (single && platform !== 'none') {
      this.#refuse(at('platform'), 'none: the service installs single-node clusters without a platform');
      platform = 'none';
    }
    this.#version(file, roles, platform, path);

    const api = apiOf(file, entry);
    const flow = this.#flow(entry, api, path);
    const noop = noopShare(file, entry);

    if (entry.infraenv_labels && entry.infranev_labels) {
      this.#onlyOne(at('infraenv_labels'), at('infranev_labels'), true);
    } else if (entry.infranev_labels) {
      this.#warnings.push({
        ...source.positionOfKey(path, 'infranev_labels'),
        message: 'infranev_labels is a misspelling of infraenv_labels; it is accepted',
      });
    }

    const sno = profileFor('sno', entry.profile) ?? profileFor('sno', file.profile) ?? DEFAULT_PROFILES.sno;
    const profileOf = (role: 'master' | 'arbiter' | 'worker') =>
      profileFor(role, entry.profile) ?? profileFor(role, file.profile) ?? DEFAULT_PROFILES[role];
    const cluster: PlanCluster = {
      position: source.positionOf(path),
      name: entry.name ?? planName,
      amount: entry.amount ?? 1,
      ...roles,
      day2Workers,
      platform,
      api,
      noop,
      profiles: {
        master: single ? sno : profileOf('master'),
        arbiter: profileOf('arbiter'),
        worker: profileOf('worker'),
      },
      olmOperators: this.#operators(file, entry, path),
      withNmstate: entry.with_nmstate ?? false,
      flow,
      justInfraEnv,
      infraEnvLabels: entry.infraenv_labels ?? entry.infranev_labels ?? {},
      assignRoles: entry.assign_roles ?? !single,
      setHostnames: entry.set_hostnames ?? false,
    };
    if (api === 'rest' && !justInfraEnv) {
      const position = entry.olm_operators ? source.positionOf(at('olm_operators')) : cluster.position;
      for (const message of operatorWarnings(cluster, file.openshift_version ?? DEFAULTS.openshiftVersion))
        this.#warnings.push({ ...position, message: `olm_operators: ${message}` });
    }
    return cluster;
  }

  #operators(file: PlanFile, entry: PlanFileCluster, path: Path): string[] {
    const operators = entry.olm_operators ?? file.olm_operators ?? [];
    if (operators.length > 0 && apiOf(file, entry) === 'kube') {
      this.#refuse(
        entry.olm_operators ? [...path, 'olm_operators'] : ['olm_operators'],
        'none beside api: kube (an AgentClusterInstall names no operators; give it ConfigMaps of manifests in a values file)',
      );
    }
    return [...new Set(operators)];
  }

  #flow(entry: PlanFileCluster, api: ClusterApi, path: Path): HubFlow {
    for (const key of ['bmh', 'late_binding', 'hold_installation'] as const) {
      if (!entry[key]) continue;
      if (api === 'rest')
        this.#refuse([...path, key], 'false beside api: rest (it is about custom resources on a hub)');
      else if (entry.just_infraenv && key !== 'bmh')
        this.#refuse([...path, key], 'false beside just_infraenv: true, where no cluster exists');
    }
    return {
      ...(entry.bmh !== undefined && { bmh: entry.bmh }),
      ...(entry.late_binding !== undefined && { lateBinding: entry.late_binding }),
      ...(entry.hold_installation !== undefined && { holdInstallation: entry.hold_installation }),
    };
  }

  #topology(entry: PlanFileCluster, path: Path): { controlPlanes: number; arbiters: number; workers: number } {
    const at = (...keys: string[]): Path => [...path, ...keys];
    const { topology } = entry;
    if (topology !== undefined) {
      this.#onlyOne(at('topology'), at('single_node'), entry.single_node !== undefined);
      this.#onlyOne(at('topology'), at('num_workers'), entry.num_workers !== undefined);
    } else if (entry.single_node === undefined) {
      this.#problems.push({
        ...this.#sourceOf('clusters').positionOf(path),
        message: `${formatPath(path)} has no topology; allowed: topology: sno, compact or {control_planes, arbiters, workers} (or single_node and num_workers)`,
      });
    }
    if (topology === 'sno') return { controlPlanes: 1, arbiters: 0, workers: 0 };
    if (topology === 'compact') return { controlPlanes: 3, arbiters: 0, workers: 0 };
    if (topology === undefined) {
      const workers = entry.num_workers ?? 0;
      if (entry.single_node && workers > 0) this.#refuse(at('num_workers'), '0 beside single_node: true');
      return { controlPlanes: entry.single_node ? 1 : 3, arbiters: 0, workers };
    }
    const { control_planes: controlPlanes, arbiters = 0, workers = 0 } = topology;
    if (controlPlanes === 1 && workers > 0) {
      this.#refuse(at('topology', 'workers'), '0 beside 1 control plane (use day2_workers to add workers later)');
    }
    if (controlPlanes === 2 && arbiters !== 1) {
      this.#refuse(at('topology', 'control_planes'), '2 only with arbiters: 1; else 1, 3, 4 or 5');
    }
    if (controlPlanes !== 2 && arbiters !== 0) {
      this.#refuse(at('topology', 'arbiters'), `0 beside ${controlPlanes} control planes (1 only beside 2)`);
    }
    return { controlPlanes, arbiters, workers };
  }

  /** What the service demands of the version for a topology (upstream: Minimum…Version… in internal/common/common.go). */
  #version(file: PlanFile, roles: { controlPlanes: number; arbiters: number }, platform: Platform, path: Path): void {
    const version = file.openshift_version ?? DEFAULTS.openshiftVersion;
    const need =
      roles.arbiters > 0 ? (platform === 'none' ? '4.22' : '4.19') : roles.controlPlanes > 3 ? '4.18' : undefined;
    if (need === undefined || !isOlder(version, need)) return;
    this.#refuse(
      [...path, 'topology'],
      `this topology on platform ${platform} only from openshift_version '${need}' on (it is '${version}')`,
    );
  }
}

function apiOf(file: PlanFile, entry: PlanFileCluster): ClusterApi {
  return entry.api ?? file.api ?? 'rest';
}

function noopShare(file: PlanFile, entry: PlanFileCluster): NoopShare {
  const given = entry.agent ?? file.agent ?? 'native';
  const share = typeof given === 'string' ? Number(given === 'noop') : Number.parseFloat(given.noop) / 100;
  return { share, among: entry.agent === undefined && typeof given !== 'string' ? 'plan' : 'entry' };
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major < thanMajor || (major === thanMajor && minor < thanMinor);
}

type ProfileChoice = PlanFile['profile'];

function profileFor(role: 'sno' | 'master' | 'arbiter' | 'worker', choice: ProfileChoice): string | undefined {
  return typeof choice === 'string' ? choice : choice?.[role];
}

/** `testplan.example.yaml` → `testplan-example` */
function nameOfFile(file: string): string {
  const name = basename(file)
    .toLowerCase()
    .replace(/\.(ya?ml|json)$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 30)
    .replace(/-+$/, '');
  return name || 'swarm';
}
