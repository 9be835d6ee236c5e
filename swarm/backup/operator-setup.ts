/** What a run does to the operator before its backups: a secret, and the settings; when that was, and whether it is put back. */
import type { Ledger } from '../telemetry/ledger.ts';
import type { ConfigFigures } from './backup-figures.ts';
import type { BackupPart } from './backup-options.ts';
import { OPERATOR_CONFIG } from './backup-resources.ts';
import type { BackupSite } from './backup-site.ts';
import {
  applyConfig,
  CONFIG_KIND,
  configProblem,
  findConfig,
  keepSnapshot,
  silenceBackups,
  skewText,
} from './operator-config.ts';
import type { Preflight } from './preflight.ts';
import { incorrectRegistryPath } from './registry-path.ts';
import { applySecretPlan, type SecretPlan } from './registry-secret.ts';

/** Of a run; `folder` keeps the settings as they were found. */
interface Place {
  readonly ledger: Ledger;
  readonly folder: string;
  readonly stop: AbortSignal;
}

export class OperatorSetup {
  readonly #site: BackupSite;
  readonly #found: Preflight;
  readonly #backup: BackupPart;
  /** Epoch milliseconds of the run's clock at which the settings were applied; null before. */
  appliedAt: number | null = null;
  /** The same moment by the clock of the cluster, in whole seconds; null where it does not say. */
  appliedAtThere: number | null = null;
  /** Whether the settings are again exactly as they were found; null as long as that was not tried. */
  reset: boolean | null = null;

  constructor(site: BackupSite, found: Preflight, backup: BackupPart) {
    this.#site = site;
    this.#found = found;
    this.#backup = backup;
  }

  /** As the operator is told. */
  get registryPath(): string {
    const { configType, registryPath } = this.#backup;
    if (configType === 'openshift-internal') return this.#found.internalRegistry!;
    return configType === 'incorrect' ? incorrectRegistryPath(registryPath) : registryPath;
  }

  get figures(): ConfigFigures {
    const { configType: type, registrySecret, schedule } = this.#backup;
    const { registryPath, appliedAt, appliedAtThere, reset } = this;
    return { type, registryPath, registrySecret, schedule, appliedAt, appliedAtThere, reset };
  }

  /** @throws KubeError, and what the ledger throws */
  async applySecret(plan: SecretPlan, { ledger, stop }: Place): Promise<void> {
    const { requests, run } = this.#site;
    if (plan.action === 'reuse') return;
    const { namespace, name } = plan.object.metadata;
    if (plan.action === 'replace') {
      await applySecretPlan(requests, plan, run, stop);
      return;
    }
    const entry = await ledger.intend('Secret', `${namespace}/${name}`);
    const uid = await applySecretPlan(requests, plan, run, stop);
    if (uid !== null) entry.made(uid);
  }

  /** @throws KubeError, Error when the settings do not take it or cannot be kept, and what the ledger throws */
  async configure({ ledger, folder, stop }: Place): Promise<void> {
    const { requests, run, clock, emit } = this.#site;
    const namespace = this.#found.cluster.operatorNamespace;
    // As it is now: the first look may be an hour ago.
    const object = await findConfig(requests, namespace, stop);
    const problem = configProblem(object, run);
    if (problem !== null) throw new Error(problem);
    const snapshot = { namespace, object };
    keepSnapshot(folder, snapshot);
    const entry = await ledger.intend(CONFIG_KIND, `${namespace}/${OPERATOR_CONFIG}`);
    const target = { ...this.#backup, registryPath: this.registryPath };
    const { uid, at } = await applyConfig(requests, snapshot, target, run, stop);
    entry.made(uid);
    this.appliedAt = clock.now();
    this.appliedAtThere = at;
    const message = at === null ? null : skewText(this.appliedAt, at);
    if (message !== null) emit({ type: 'warning', message });
  }

  /** The schedule goes off; what restores need stays. @throws KubeError */
  async silence(stop: AbortSignal): Promise<void> {
    await silenceBackups(this.#site.requests, this.#found.cluster.operatorNamespace, stop);
  }
}
