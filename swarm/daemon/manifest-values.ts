/** Values files of manifests: JSON or YAML in, checked values and the plan of the clusters they describe out. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  CLUSTER_KEYS,
  type ManifestValues,
  manifestValues,
  SECRET_VALUES,
  type ValuesFile,
  valuesFileSchema,
} from '../../manifests/index.ts';
import { allowedWords } from '../../model/text/allowed-words.ts';
import {
  FIRST_HOST_OFFSET,
  GATEWAY_OFFSET,
  networkSize,
  overlaps,
  parseCidr,
  parseIpv4,
  prefixForHosts,
} from '../host/ipv4.ts';
import type { ClusterPlan, HubFlow } from '../plan/expanded-plan.ts';
import { parsePlan } from '../plan/load.ts';
import { type Plan, PlanError, type PlanProblem } from '../plan/plan.ts';
import { PlanSource } from '../plan/plan-source.ts';
import { isPullSecret, PULL_SECRET_ALLOWED } from '../plan/pull-secret.ts';
import { type FileForm, schemaProblems, wrongValue } from '../plan/schema-problems.ts';

const FORM: FileForm = { schema: valuesFileSchema, subject: 'the values file', secretKeys: SECRET_VALUES };

const NOTHING = { pullSecret: '', sshPublicKey: '', releaseImage: null };

/** What values need to know of a plan that they stand beside. */
export interface ValuesPlan extends Pick<Plan, 'pullSecret' | 'sshPublicKey' | 'releaseImage'> {
  clusters: readonly (Pick<ClusterPlan, 'controlPlanes' | 'arbiters' | 'workers' | 'day2Workers' | 'justInfraEnv'> & {
    flow: HubFlow;
  })[];
}

/** Network and addresses that all clusters get instead of the plan's. */
export interface ValuesNetwork {
  machineNetwork?: string;
  apiVip?: string;
  ingressVip?: string;
}

/** What a values file says. */
export interface ParsedValues {
  values: ManifestValues;
  /** The clusters of a file that stands in place of a plan; null beside one. */
  plan: Plan | null;
  network: ValuesNetwork;
}

/**
 * Reads the text of a values file, beside a plan or in place of one (null).
 * @param file what errors call it; files that it names are relative to it
 * @throws PlanError with every problem; secrets are not shown.
 */
export function parseValues(file: string, text: string, plan: ValuesPlan | null): ParsedValues {
  return new ValuesReader(file, text, plan).read();
}

class ValuesReader {
  readonly #file: string;
  readonly #plan: ValuesPlan | null;
  readonly #source: PlanSource;
  readonly #problems: PlanProblem[] = [];

  constructor(file: string, text: string, plan: ValuesPlan | null) {
    this.#file = file;
    this.#plan = plan;
    this.#source = sourceOf(file, text);
  }

  read(): ParsedValues {
    const parsed = valuesFileSchema.safeParse(this.#source.value ?? {}, { error: allowedWords });
    if (!parsed.success) {
      this.#problems.push(...schemaProblems(this.#source, parsed.error.issues, FORM));
      this.#stopOnProblems();
    }
    const given = parsed.data!;
    this.#onlyOne(given, ['pull_secret_b64', 'pull_secret', 'pull_secret_file']);
    this.#onlyOne(given, ['ssh_pub_key', 'ssh_public_key']);
    this.#onlyOne(given, ['image_set', 'image_set_per_cluster']);
    this.#onlyOne(given, ['manifests_config_map', 'manifests_config_maps']);
    const pullSecret = this.#pullSecret(given);
    const plan = this.#plan ? null : this.#planOf(given);
    const clusters = (this.#plan ?? plan)?.clusters ?? [];
    if (this.#plan) {
      for (const key of CLUSTER_KEYS) {
        if (given[key] !== undefined)
          this.#problem(key, `${key} is given beside a plan; the plan says which clusters there are`);
      }
    }
    const releaseImage = given.release_image ?? this.#plan?.releaseImage ?? null;
    const installs = clusters.some((cluster) => !cluster.justInfraEnv);
    const bound = clusters.some(({ justInfraEnv, flow }) => !justInfraEnv && !(flow.lateBinding ?? given.late_binding));
    if (releaseImage === null && given.image_set === undefined && installs) {
      this.#problem(
        null,
        'no release to install; add release_image, or image_set with the name of a ClusterImageSet that the hub has',
      );
    }
    if (given.os_image_version !== undefined && bound) {
      this.#problem(
        'os_image_version',
        'os_image_version is not supported on InfraEnvs that belong to a cluster; add late_binding: true, or leave it out',
      );
    }
    this.#networks(given, clusters);
    this.#stopOnProblems();
    return {
      values: manifestValues(given, {
        pullSecret,
        sshPublicKey: given.ssh_pub_key ?? given.ssh_public_key ?? this.#plan?.sshPublicKey ?? '',
        releaseImage,
      }),
      plan,
      network: {
        ...(given.machine_network !== undefined && { machineNetwork: given.machine_network }),
        ...(given.api_vip !== undefined && { apiVip: given.api_vip }),
        ...(given.ingress_vip !== undefined && { ingressVip: given.ingress_vip }),
      },
    };
  }

  /** What the service would refuse of the networks long after the objects were made. */
  #networks(given: ValuesFile, clusters: ValuesPlan['clusters']): void {
    const { machine_network, api_vip, ingress_vip } = given;
    if (api_vip !== undefined && api_vip === ingress_vip) {
      this.#problem('ingress_vip', `ingress_vip is ${ingress_vip}, as api_vip is; allowed: another address`);
    }
    if (machine_network === undefined) return;
    const { network } = parseCidr(machine_network);
    const size = networkSize(network.prefix);
    for (const key of ['api_vip', 'ingress_vip'] as const) {
      const address = given[key] === undefined ? null : parseIpv4(given[key]);
      if (address === null) continue;
      const at = address - network.base;
      if (at <= GATEWAY_OFFSET || at >= size - 1) {
        const allowed = `an address of machine_network ${machine_network}, but for its first two and its last`;
        this.#problem(key, `${key} is ${given[key]}; allowed: ${allowed}`);
      }
    }
    const { cluster_networks, service_networks } = manifestValues(given, NOTHING);
    for (const cidr of [...cluster_networks.map((one) => one.cidr), ...service_networks]) {
      if (!overlaps(network, parseCidr(cidr).network)) continue;
      this.#problem(
        'machine_network',
        `machine_network is ${machine_network}, which overlaps ${cidr} of pods or services; allowed: a network beside it, or other cluster_networks and service_networks`,
      );
    }
    const hosts = clusters.reduce(
      (most, one) => Math.max(most, one.controlPlanes + one.arbiters + one.workers + one.day2Workers),
      0,
    );
    const room = size - FIRST_HOST_OFFSET - 1;
    if (hosts > room) {
      this.#problem(
        'machine_network',
        `machine_network is ${machine_network}, with room for ${Math.max(0, room)} hosts of a cluster, and there are ${hosts}; allowed: /${prefixForHosts(hosts)} or larger`,
      );
    }
  }

  #pullSecret(given: ValuesFile): string {
    const { pull_secret: text, pull_secret_b64: encoded, pull_secret_file: file } = given;
    const key = encoded !== undefined ? 'pull_secret_b64' : text !== undefined ? 'pull_secret' : 'pull_secret_file';
    let secret = text;
    if (encoded !== undefined) secret = fromBase64(encoded);
    else if (file !== undefined) {
      const path = resolve(dirname(this.#file), file);
      try {
        secret = readFileSync(path, 'utf8');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        this.#problem(key, `${key} ${path} cannot be read (${code}); give the path of a file, relative to this one`);
        return '';
      }
    } else if (text === undefined) {
      if (this.#plan) return this.#plan.pullSecret;
      this.#problem(null, 'no pull secret; add pull_secret_b64, pull_secret or pull_secret_file');
      return '';
    }
    if (secret === undefined || !isPullSecret(secret)) {
      const form = key === 'pull_secret_b64' ? `base64 of ${PULL_SECRET_ALLOWED}` : PULL_SECRET_ALLOWED;
      this.#problems.push(wrongValue(this.#source, [key], form, FORM));
      return '';
    }
    return secret.trim();
  }

  /** The clusters that a values file without a plan describes. */
  #planOf(given: ValuesFile): Plan | null {
    if (given.swarm_size === undefined) {
      this.#problem(
        null,
        'nothing says which clusters there are; add swarm_size (a number of clusters), or give a plan',
      );
      return null;
    }
    const {
      topology,
      day2_workers,
      platform,
      just_infraenv,
      infraenv_labels,
      with_nmstate,
      assign_roles,
      set_hostnames,
    } = given;
    const name = given.name ?? 'swarm';
    const entry = {
      topology: topology ?? 'sno',
      day2_workers,
      platform,
      just_infraenv,
      infraenv_labels,
      with_nmstate,
      assign_roles,
      set_hostnames,
    };
    const clusters = [{ ...entry, amount: given.swarm_size }];
    try {
      return parsePlan(
        { name, seed: given.seed ?? name, base_dns_domain: given.base_dns_domain, clusters },
        this.#file,
      );
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      // The plan's words for the place of a key, without the list that a values file does not have.
      for (const { message } of error.problems) {
        const own = message.replaceAll('clusters[0].', '').replaceAll('amount', 'swarm_size');
        const path = /^[\w.]+/.exec(own)?.[0].split('.') ?? [];
        this.#problems.push({ ...this.#source.positionOf(path), message: own });
      }
      return null;
    }
  }

  #onlyOne(given: ValuesFile, keys: readonly (keyof ValuesFile)[]): void {
    const [first, second] = keys.filter((key) => given[key] !== undefined);
    if (second) this.#problem(second, `${first} and ${second} are both given; allowed: one of them`);
  }

  #problem(key: string | null, message: string): void {
    const position = key === null ? this.#source.positionOf([]) : this.#source.positionOfKey([], key);
    this.#problems.push({ ...position, message });
  }

  #stopOnProblems(): void {
    if (this.#problems.length > 0) {
      throw new PlanError(this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column));
    }
  }
}

/** What is wrong without what stands there. */
const SYNTAX: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'a key is given twice in one mapping; allowed: once',
  MULTIPLE_DOCS: 'a second YAML document begins here; allowed: one',
  TAB_AS_INDENT: 'a tab stands where lines are indented; allowed: spaces',
};

function sourceOf(file: string, text: string): PlanSource {
  try {
    return new PlanSource(file, text);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    // What a parser complains about may be a part of the pull secret.
    const problems = error.problems.map((problem) => ({
      ...problem,
      message:
        SYNTAX[problem.code ?? ''] ?? 'not valid YAML or JSON from here on (the text may be secret and is not shown)',
    }));
    throw new PlanError(problems.slice(0, 1));
  }
}

/** The text, or undefined when it is not base64. */
function fromBase64(text: string): string | undefined {
  const compact = text.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64').toString();
}
