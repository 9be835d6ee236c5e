/** What the cluster operators and OLM of a spoke write, from the moment they have nodes to run on. */
import type { SpokeDraws } from '../../../model/spoke/draws.ts';
import { INGRESS_CA_BUNDLE } from '../../../model/spoke/ingress-certificate.ts';
import { csvPhases, ingressCertificatePhases, operatorPhases } from '../../../model/spoke/operators.ts';
import { CLUSTER_OPERATORS, type CsvPhase, type OperatorPhase } from '../../../model/spoke/profiles.ts';
import type { SpokeTimeline } from '../../../model/spoke/timeline.ts';
import type { GroupResource, KubeObject } from '../../api/object.ts';
import { clusterOperator, clusterVersion, configMap, enterPhase } from './cluster-objects.ts';
import { RESOURCES } from './kinds.ts';
import type { ObjectHost } from './object-host.ts';
import { type OlmObjects, olmObjects } from './olm-objects.ts';
import type { SpokeObjects } from './spoke-objects.ts';
import type { SpokeSettings } from './spoke-settings.ts';

export class OperatorObjects {
  readonly #settings: SpokeSettings;
  readonly #objects: SpokeObjects;
  readonly #draws: SpokeDraws;
  readonly #timeline: SpokeTimeline<ObjectHost>;
  /** What begins once the object of this uid has been deleted. */
  readonly #blocked = new Map<string, () => void>();

  constructor(settings: SpokeSettings, objects: SpokeObjects, draws: SpokeDraws, timeline: SpokeTimeline<ObjectHost>) {
    this.#settings = settings;
    this.#objects = objects;
    this.#draws = draws;
    this.#timeline = timeline;
  }

  /** The ClusterVersion and the ClusterOperators, in their first phases. */
  createAll(): void {
    const { version } = this.#settings;
    const { cvo, console } = this.#timeline.cluster.profile.operators;
    const object = clusterVersion(version, this.#draws.uuid('cluster'), this.#objects.now());
    this.#objects.create(RESOURCES.clusterVersions, this.#inFirstPhase(object, cvo));
    for (const name of CLUSTER_OPERATORS) {
      this.#objects.create(RESOURCES.clusterOperators, this.#inFirstPhase(clusterOperator(name, version), console));
    }
  }

  /** Operators have nodes to run on. */
  start(): void {
    const { cluster } = this.#timeline;
    this.#followPhases('cvo', RESOURCES.clusterVersions, 'version');
    for (const name of CLUSTER_OPERATORS) this.#followPhases(name, RESOURCES.clusterOperators, name);
    this.#timeline.follow(ingressCertificatePhases(cluster, this.#draws), () => {
      const data = { 'ca-bundle.crt': INGRESS_CA_BUNDLE };
      this.#objects.create(RESOURCES.configMaps, configMap('openshift-config-managed', 'default-ingress-cert', data));
    });
    for (const operator of this.#settings.olmOperators) this.#subscribe(olmObjects(operator, this.#settings.version));
  }

  /** A client deleted an object: an operator of OLM may have waited for that. */
  deleted(uid: string): void {
    const install = this.#blocked.get(uid);
    if (!install) return;
    this.#blocked.delete(uid);
    this.#timeline.react(install);
  }

  #inFirstPhase(object: KubeObject, [first]: readonly OperatorPhase[]): KubeObject {
    if (first) enterPhase(object, first, this.#settings.version, this.#objects.now());
    return object;
  }

  #followPhases(operator: Parameters<typeof operatorPhases>[2], resource: GroupResource, name: string): void {
    const { version } = this.#settings;
    const phases = operatorPhases(this.#timeline.cluster.profile, this.#draws, operator);
    this.#timeline.follow(phases, (phase) =>
      this.#objects.modify(resource, '', name, (draft) => enterPhase(draft, phase, version, this.#objects.now())),
    );
  }

  #subscribe(operator: OlmObjects): void {
    const subscription = this.#objects.create(RESOURCES.subscriptions, operator.subscription(this.#objects.now()));
    if (!subscription) return;
    const install = () => this.#install(operator, subscription);
    const { olmBlockedBy } = this.#timeline;
    if (!olmBlockedBy) {
      install();
      return;
    }
    const obstacle =
      olmBlockedBy === 'Job'
        ? this.#objects.create(RESOURCES.jobs, operator.job('failed', this.#objects.now()))
        : this.#objects.create(RESOURCES.installPlans, operator.installPlan(subscription, 'Failed'));
    this.#blocked.set(obstacle?.metadata.uid ?? '', install);
  }

  #install(operator: OlmObjects, subscription: KubeObject): void {
    this.#objects.create(RESOURCES.jobs, operator.job('complete', this.#objects.now()));
    const plan = this.#objects.create(RESOURCES.installPlans, operator.installPlan(subscription, 'Installing'));
    const { profile } = this.#timeline.cluster;
    let exists = false;
    this.#timeline.follow(csvPhases(profile, this.#draws, operator.csvName), (phase) => {
      if (!exists) {
        exists = true;
        this.#objects.create(RESOURCES.csvs, operator.csv());
      }
      this.#enterCsvPhase(operator, phase, plan?.metadata.name ?? '');
    });
  }

  #enterCsvPhase({ namespace, subscriptionName, csvName }: OlmObjects, phase: CsvPhase, planName: string): void {
    const succeeded = phase.phase === 'Succeeded';
    const now = this.#objects.now();
    this.#objects.modify(RESOURCES.csvs, namespace, csvName, (draft) => {
      draft.status = {
        phase: phase.phase,
        reason: succeeded ? 'InstallSucceeded' : phase.phase,
        message: phase.message,
        lastUpdateTime: now,
        lastTransitionTime: now,
      };
    });
    this.#objects.modify(RESOURCES.subscriptions, namespace, subscriptionName, (draft) => {
      draft.status = {
        currentCSV: csvName,
        ...(succeeded && { installedCSV: csvName }),
        state: succeeded ? 'AtLatestKnown' : 'UpgradePending',
        lastUpdated: now,
      };
    });
    if (!succeeded) return;
    this.#objects.modify(RESOURCES.installPlans, namespace, planName, (draft) => {
      draft.status = { ...(draft.status as object), phase: 'Complete' };
    });
  }
}
