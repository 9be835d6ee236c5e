/**
 * One cluster that is being installed, as its kube-api shows it: the timeline of model/spoke as objects. It writes objects when
 * the timeline moves, and tells the timeline what clients do to them.
 *
 *   hosts reboot, fail ──▶ timeline ──moves──▶ SpokeObjects ──▶ store ──▶ clients
 *                             ▲                                  │
 *                             └────────── ClientChanges ◀────────┘   approvals, deletions, hosts given away
 */
import { drawsOf } from '../../../model/spoke/draws.ts';
import type { SpokeProfile } from '../../../model/spoke/profiles.ts';
import type { CertificateRequest, HostState, Member, SpokeMoves, SpokeNode } from '../../../model/spoke/stages.ts';
import { SpokeTimeline } from '../../../model/spoke/timeline.ts';
import type { Clock } from '../../../model/time/clock.ts';
import type { KubeObject } from '../../api/object.ts';
import { setServiceNetwork } from '../../builtins/index.ts';
import type { Cluster } from '../../registry/cluster.ts';
import { ClientChanges } from './client-changes.ts';
import * as make from './cluster-objects.ts';
import { RESOURCES } from './kinds.ts';
import { MachineConfigObjects } from './machine-config-objects.ts';
import * as nodes from './node-objects.ts';
import { type ObjectHost, objectHost } from './object-host.ts';
import { OperatorObjects } from './operator-objects.ts';
import type { SpokeLogs } from './spoke-logs.ts';
import { SpokeObjects } from './spoke-objects.ts';
import type { HostSettings, SpokeSettings } from './spoke-settings.ts';

export interface SpokeOptions {
  settings: SpokeSettings;
  /** The spoke's own cluster, empty but for the standard namespaces. */
  cluster: Cluster;
  clock: Clock;
  profile: SpokeProfile;
  logs: SpokeLogs;
  told: SpokeListener;
}

/** What a real cluster would do outside of its API, at that moment. */
export interface SpokeListener {
  /** It starts the controller's pod. */
  controllerStarted(): void;
  /** The bootstrap's bootkube has ended well, since enough of the other masters are ready. */
  bootkubeDone(): void;
  /** A host has become a node, then a ready one. */
  node(host: HostSettings, ready: boolean): void;
  /** The machine-config-server has served a host. @param line of its log */
  ignitionFetched(line: string): void;
}

const MACHINE_CONFIG_SERVER = { namespace: 'openshift-machine-config-operator', label: 'machine-config-server' };
const CONTROLLER_JOB = { namespace: 'assisted-installer', name: 'assisted-installer-controller' };

export class Spoke {
  readonly settings: SpokeSettings;
  readonly #clock: Clock;
  readonly #logs: SpokeLogs;
  readonly #told: SpokeListener;
  readonly #draws;
  readonly #objects: SpokeObjects;
  readonly #timeline: SpokeTimeline<ObjectHost>;
  readonly #operators: OperatorObjects;
  readonly #machineConfigs: MachineConfigObjects;
  readonly #clients: ClientChanges;
  readonly #stopObserving: () => void;

  constructor(options: SpokeOptions) {
    const { settings, cluster, clock, logs, told } = options;
    this.settings = settings;
    this.#clock = clock;
    this.#logs = logs;
    this.#told = told;
    this.#draws = drawsOf(settings.name);
    setServiceNetwork(cluster, make.SERVICE_NETWORK);
    this.#objects = new SpokeObjects(cluster, clock);
    const hosts = settings.hosts.map((host) => objectHost(host, false, this.#draws));
    this.#timeline = new SpokeTimeline<ObjectHost>({
      clock,
      profile: options.profile,
      topology: settings.topology,
      hosts,
      faults: settings.faults,
      draws: this.#draws,
      approval: settings.csrApproval,
      apiFromStart: true,
      moves: this.#moves(),
    });
    for (const host of hosts) this.#timeline.place(host, roleOf(host.settings));
    this.#operators = new OperatorObjects(settings, this.#objects, this.#draws, this.#timeline);
    this.#machineConfigs = new MachineConfigObjects(this.#objects, this.#draws, this.#timeline.cluster.members);
    this.#clients = new ClientChanges(this.#timeline, this.#objects, this.#operators);
    this.#createObjects();
    this.#stopObserving = cluster.store.observe((change) => this.#clients.follow(change));
  }

  /** Each host by its name, and how far it is. */
  get hosts(): ReadonlyMap<string, HostState> {
    return new Map([...this.#timeline.cluster.members].map(([name, member]) => [name, member.state]));
  }

  /** Finds the settings of a host by its name or its id. */
  host(nameOrId: string): HostSettings | undefined {
    return this.#member(nameOrId)?.host.settings;
  }

  /**
   * A further host; one of that name is replaced.
   * @param day2 it joins later and counts for nothing in the installation; else control planes that are expected already are not counted again
   */
  addHost(settings: HostSettings, day2 = true): void {
    const host = objectHost(settings, day2, this.#draws);
    if (!day2) this.#expect(settings);
    if (this.#timeline.member(settings.name)) this.#objects.delete(RESOURCES.nodes, '', host.nodeName);
    this.#timeline.place(host, roleOf(settings));
    this.#createMachine(settings);
  }

  /** Control planes are known from the start; what else there is shows as it comes. */
  #expect({ name, role }: HostSettings): void {
    if (role === 'master' || this.#timeline.member(name)) return;
    const { topology } = this.settings;
    if (role === 'arbiter') topology.arbiters = 1;
    else topology.workers += 1;
  }

  /** The machine is silent and boots from its disk. Again: whatever node it was before is gone. */
  hostRebooted(nameOrId: string): void {
    const member = this.#member(nameOrId);
    if (!member || this.#timeline.closed) return;
    this.#objects.delete(RESOURCES.nodes, '', member.host.nodeName);
    this.#timeline.reboot(member);
    this.#machineConfigs.countNodes();
  }

  /** The machine is dead: nothing more comes from it, and its node turns unreachable. */
  hostFailed(nameOrId: string): void {
    const member = this.#member(nameOrId);
    if (!member || this.#timeline.closed) return;
    this.#timeline.fail(member);
    this.#objects.modify(RESOURCES.nodes, '', member.host.nodeName, (draft) =>
      nodes.markUnreachable(draft, this.#objects.now()),
    );
    this.#machineConfigs.countNodes();
  }

  /** Ends all timers; nothing happens any more. */
  close(): void {
    this.#stopObserving();
    this.#timeline.close();
  }

  #member(nameOrId: string): Member<ObjectHost> | undefined {
    const { members } = this.#timeline.cluster;
    return members.get(nameOrId) ?? [...members.values()].find(({ host }) => host.settings.id === nameOrId);
  }

  // What is there from the start

  #createObjects(): void {
    const { settings } = this;
    const { platform, version } = settings;
    const olm = settings.olmOperators.map((operator) => operator.namespace);
    for (const name of new Set([...make.NAMESPACES, ...olm])) {
      this.#objects.create(RESOURCES.namespaces, make.namespaceObject(name));
    }
    this.#objects.create(RESOURCES.proxies, make.proxy());
    this.#objects.create(RESOURCES.infrastructures, make.infrastructure(settings));
    this.#objects.create(RESOURCES.configMaps, make.installConfig(settings));
    this.#objects.create(RESOURCES.configMaps, make.installManifests(version));
    const dnsTaken = this.#timeline.cluster.dns === 'taken';
    this.#objects.create(RESOURCES.services, dnsTaken ? make.dnsAddressThief() : make.dnsService());
    this.#objects.create(RESOURCES.pods, make.dnsOperatorPod());
    this.#operators.createAll();
    if (platform === 'baremetal') this.#objects.create(RESOURCES.provisionings, nodes.provisioning());
    for (const host of settings.hosts) this.#createMachine(host);
    this.#machineConfigs.createPools();
  }

  #createMachine(host: HostSettings): void {
    if (this.settings.platform !== 'baremetal') return;
    this.#objects.create(RESOURCES.machines, nodes.machine(this.settings.name, host));
    this.#objects.create(RESOURCES.bareMetalHosts, nodes.bareMetalHost(this.settings.name, host));
  }

  // What the timeline moves

  #moves(): SpokeMoves<ObjectHost> {
    return {
      ignitionFetched: ({ settings }) => {
        const line = nodes.ignitionLogLine(settings, new Date(this.#clock.now()));
        this.#logs.ignitionFetched(line);
        this.#told.ignitionFetched(line);
      },
      bootkubeDone: () => this.#told.bootkubeDone(),
      certificateRequested: (request) => this.#requestCertificate(request),
      approveCertificate: (request) => {
        const name = this.#clients.nameOf(request);
        const approve = (draft: KubeObject) => {
          draft.status = { ...(draft.status as object), conditions: [nodes.approval(this.#objects.now())] };
        };
        this.#objects.modify(RESOURCES.csrs, '', name, approve, 'approval');
      },
      certificateIssued: (request) => {
        const name = this.#clients.issued(request);
        const issue = (draft: KubeObject) => {
          draft.status = { ...(draft.status as object), certificate: nodes.CERTIFICATE };
        };
        this.#objects.modify(RESOURCES.csrs, '', name, issue, 'status');
      },
      nodeJoined: (_, member) => this.#createNode(member),
      nodeReady: (node, member) => this.#markReady(node, member),
      machineConfigsRendered: () => this.#machineConfigs.render(),
      controllerStarted: () => this.#startController(),
      operatorsStarted: () => this.#operators.start(),
      dnsServed: () => this.#serveDns(),
    };
  }

  #requestCertificate(request: CertificateRequest<ObjectHost>): void {
    const host = request.member?.host.settings ?? { name: '', addresses: [] };
    const csr = this.#objects.create(RESOURCES.csrs, nodes.certificateRequest(host, request.purpose));
    if (csr) this.#clients.expect(csr.metadata.name ?? '', request);
  }

  #createNode(member: Member<ObjectHost>): void {
    const { settings, systemUuid, nodeName } = member.host;
    const { topology, version } = this.settings;
    const node = nodes.node(settings, {
      version,
      schedulableControlPlane: topology.workers === 0,
      systemUuid,
      now: this.#objects.now(),
    });
    this.#objects.create(RESOURCES.nodes, node);
    if (!this.#objects.get(RESOURCES.nodes, '', nodeName)) this.#timeline.setNodeDeleted(member, true);
    this.#machineConfigs.countNodes();
    this.#told.node(settings, false);
  }

  #markReady({ host }: SpokeNode<ObjectHost>, member: Member<ObjectHost>): void {
    this.#objects.modify(RESOURCES.nodes, '', host.nodeName, (draft) => {
      nodes.markReady(draft, this.#objects.now());
      this.#machineConfigs.configure(draft, member.role);
    });
    if (member.role === 'master') this.#startMachineConfigServer(host);
    this.#machineConfigs.countNodes();
    this.#told.node(host.settings, true);
  }

  #startMachineConfigServer(host: ObjectHost): void {
    const name = `machine-config-server-${this.#draws.suffix(`mcs/${host.settings.name}`)}`;
    const { namespace, label } = MACHINE_CONFIG_SERVER;
    this.#objects.create(RESOURCES.pods, make.pod(namespace, name, { 'k8s-app': label }, label, placeOf(host)));
  }

  #startController(): void {
    const { namespace, name } = CONTROLLER_JOB;
    const master = [...this.#timeline.cluster.members.values()].find(
      ({ state, role }) => state === 'ready' && role === 'master',
    );
    const podName = `${name}-${this.#draws.suffix('controller')}`;
    const labels = { app: name, 'job-name': name, 'batch.kubernetes.io/job-name': name };
    this.#logs.controllerStarted(this.#timeline.cluster.profile.logs);
    this.#objects.create(RESOURCES.pods, make.pod(namespace, podName, labels, name, master && placeOf(master.host)));
    this.#told.controllerStarted();
  }

  /** The DNS operator takes its address, unless somebody else was faster. */
  #serveDns(): void {
    const taken = this.#objects
      .list(RESOURCES.services)
      .some(({ spec }) => (spec as { clusterIP?: string }).clusterIP === make.DNS_ADDRESS);
    if (!taken) this.#objects.create(RESOURCES.services, make.dnsService());
  }
}

function roleOf({ role, bootstrap }: HostSettings): HostSettings['role'] | 'bootstrap' {
  return bootstrap && role === 'master' ? 'bootstrap' : role;
}

function placeOf({ nodeName, settings }: ObjectHost): { node: string; address: string } {
  return { node: nodeName, address: settings.addresses[0] ?? '' };
}
