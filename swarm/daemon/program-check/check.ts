/**
 * Lets stock programs show all that they do, on hosts of a lab against the embedded service, and says what of it is not as the
 * replaced commands and the native agents take it to be.
 *
 *   plan: a single node, 3 + 1 nodes, a host without a cluster ──► run ──► embedded service
 *                                          │                        ▲ │
 *                                          │ scripted steps         │ └─► tap: replies, stages, refusals
 *                                          └── watch: commands ─────┘
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { STEP_TYPES } from '../../../model/protocol/states.ts';
import { buildHost } from '../../host/build-host.ts';
import type { Host } from '../../host/host.ts';
import { type GoProgram, readGoProgram } from '../../noop/build-info.ts';
import { checkPrograms, hostPrograms, TOOLS } from '../../noop/programs.ts';
import {
  type EscapedCommand,
  escapedCommands,
  executedCommands,
  missingCommands,
  parseAttempts,
  unknownFlags,
} from '../../noop/watched-commands.ts';
import { expandPlan } from '../../plan/expand.ts';
import type { ExpandedPlan, StockPrograms } from '../../plan/expanded-plan.ts';
import { parsePlan } from '../../plan/load.ts';
import type { RunEvent } from '../../telemetry/run-event.ts';
import { patchesFolder } from '../noop-setup.ts';
import { realParts } from '../parts.ts';
import { Run } from '../run.ts';
import type { RunParts } from '../run-parts.ts';
import { inventoryDifferences } from './inventory-fields.ts';
import {
  checkedProgram,
  checkSources,
  expectedRefusal,
  isPassed,
  missingStages,
  type ProgramReport,
  stageOutcomes,
  stepOutcomes,
  unknownWords,
} from './report.ts';
import { ServiceTap, type StepReply } from './service-tap.ts';
import { BEYOND_HOSTS, replyFault, StepScript, scriptFile } from './step-script.ts';

export interface ProgramCheckOptions {
  programs: StockPrograms;
  /** For what the hosts and their programs write. */
  folder: string;
  onProgress: (text: string) => void;
  signal: AbortSignal;
  /** Seconds; see {@link LIMITS}. */
  limits?: typeof LIMITS;
}

/** Name of the cluster whose one host gets the scripted steps. */
const POOL = 'pool';
/** Seconds. */
const LIMITS = {
  /** Between two polls at most. */
  poll: 5,
  /** From the start of the hosts, until programs that say nothing at all to the service are given up. */
  firstWord: 60,
  /** That a check without an installation takes at most. */
  discovery: 300,
};
const LOOK_MS = 500;

/** What a runner does that has upgraded its agent. */
const UPGRADED = /next_step_runner ended with exit code 0 and is started again/;

/** Step types that come before an installer is started. */
const BEFORE_INSTALLATION = STEP_TYPES.filter((type) => type !== 'install' && !(type in BEYOND_HOSTS));

/** Names for which programs look without wanting to execute them, by who does. */
const LOOKED_FOR = new Set([
  // github.com/shirou/gopsutil, host.Virtualization: is this a container?
  'lxc-version',
]);

/** Checks programs. @throws RangeError for what is no program; Error when no host can be started here */
export async function checkStockPrograms(options: ProgramCheckOptions): Promise<ProgramReport> {
  checkPrograms(options.programs);
  return runCheck(options);
}

/** {@link checkStockPrograms} of what need not be an executable for this machine. */
export function runCheck(options: ProgramCheckOptions): Promise<ProgramReport> {
  return new ProgramCheck(options, readPrograms(options.programs)).run();
}

type Named = 'agent' | 'installer' | 'controller';

function readPrograms({ agent, installer, controller }: StockPrograms): Map<Named, GoProgram> {
  const found = new Map<Named, GoProgram>();
  for (const [name, path] of Object.entries({ agent, installer, controller })) {
    if (path === null) continue;
    const program = readGoProgram(path);
    checkSources(name as Named, path, program.build);
    found.set(name as Named, program);
  }
  return found;
}

class ProgramCheck {
  readonly #options: ProgramCheckOptions;
  readonly #read: ReadonlyMap<Named, GoProgram>;
  readonly #plan: ExpandedPlan;
  readonly #probe: Host;
  readonly #script = new StepScript(() => Date.now());
  readonly #watched: boolean;
  /** By step type: null for a good reply. */
  readonly #faults = new Map<string, string | null>();
  readonly #stages = new Map<string, Set<string>>();
  readonly #registered = new Set<string>();
  readonly #problems = new Set<string>();
  /** Documents of the stock inventory, by host. */
  readonly #inventories = new Map<string, string>();
  #tap: ServiceTap | null = null;
  #ending = false;

  constructor(options: ProgramCheckOptions, read: ReadonlyMap<Named, GoProgram>) {
    this.#options = options;
    this.#read = read;
    this.#plan = planOf(options.programs);
    this.#probe = this.#hosts.find(({ plan }) => plan.clusterIndex === this.#plan.clusters.length - 1)!;
    mkdirSync(this.#logs, { recursive: true });
    this.#watched = canWatch(this.#logs);
  }

  get #logs(): string {
    return join(this.#options.folder, 'hosts');
  }

  get #limits(): typeof LIMITS {
    return this.#options.limits ?? LIMITS;
  }

  get #installs(): boolean {
    return this.#options.programs.installer !== null;
  }

  get #hosts(): Host[] {
    const { seed, clusters } = this.#plan;
    return clusters.flatMap((cluster) => cluster.hosts.map((plan) => buildHost(seed, cluster, plan)));
  }

  async run(): Promise<ProgramReport> {
    const { signal } = this.#options;
    const began = Date.now();
    const run = new Run({ id: 'check', plan: this.#plan, parts: this.#parts(), workers: 1 });
    const stop = () => run.stop();
    signal.addEventListener('abort', stop);
    const ended = run.execute();
    await Promise.race([ended, this.#attend(run, began)]);
    this.#ending = true;
    if (!this.#installs || this.#registered.size === 0) run.stop();
    const summary = await ended;
    signal.removeEventListener('abort', stop);
    await this.#tap?.close();
    if (this.#installs && !signal.aborted)
      for (const reason of summary.reasons) this.#problems.add(`the installation did not succeed: ${reason}`);
    return this.#report((Date.now() - began) / 1000);
  }

  /** Resolves when nothing more is to come of what is watched here. */
  async #attend(run: Run, began: number): Promise<void> {
    let started = Number.POSITIVE_INFINITY;
    for (;;) {
      await sleep(LOOK_MS);
      const now = Date.now();
      if (started > now && readdirSync(this.#logs).some((name) => name.startsWith('host-'))) started = now;
      if (run.state === 'ended' || this.#options.signal.aborted) return;
      if (this.#registered.size === 0 && now - started > this.#limits.firstWord * 1000) {
        this.#problems.add(`no agent has registered within ${this.#limits.firstWord} s: ${this.#lastWords()}`);
        return;
      }
      if (this.#installs) continue;
      if (this.#script.done && BEFORE_INSTALLATION.every((type) => this.#faults.get(type) === null)) return;
      if (now - began > this.#limits.discovery * 1000) return;
    }
  }

  /** What the hosts' programs have written last. */
  #lastWords(): string {
    const lines = this.#outputs().flatMap((text) => text.trim().split('\n').slice(-1));
    return lines.find((line) => line !== '')?.slice(0, 300) ?? 'the programs have written nothing';
  }

  #parts(): RunParts {
    const parts = realParts({ directory: join(this.#options.folder, 'run'), warn: (text) => this.#problems.add(text) });
    return {
      ...parts,
      startEmbedded: async (...given) => {
        const service = await parts.startEmbedded(...given);
        this.#tap = await this.#openTap(service.url);
        return { ...service, url: this.#tap.url };
      },
      createPool: (given) =>
        parts.createPool({
          ...given,
          ...(given.noop && {
            noop: { ...given.noop, logs: this.#logs, watch: this.#watched, stockInventory: true },
          }),
        }),
      openStore: async (id, plan) => {
        const store = await parts.openStore(id, plan);
        return {
          directory: store.directory,
          ledger: store.ledger,
          traffic: (...given) => store.traffic(...given),
          history: (host) => store.history(host),
          clusterHistory: (cluster) => store.clusterHistory(cluster),
          finish: (...given) => store.finish(...given),
          write: (event) => {
            this.#happened(event);
            store.write(event);
          },
        };
      },
    };
  }

  #openTap(target: string): Promise<ServiceTap> {
    const { identity } = this.#probe;
    const subject = {
      hostId: identity.id,
      clusterId: randomUUID(),
      agentImage: 'registry.example.com/agent:checked',
    };
    return ServiceTap.start({
      target,
      scripted: identity.id,
      pollSeconds: this.#limits.poll,
      nextStep: (infraEnvId, self) => this.#script.next({ ...subject, infraEnvId }, self),
      isOwn: (stepId) => this.#script.isOwn(stepId),
      withheld: new Set(this.#installs ? [] : ['install']),
      files: scriptFile,
      onFailure: (message) => this.#tapFailed(message),
      onReply: (reply) => this.#replied(reply),
      onStage: (host, stage, status) => this.#staged(host, stage, status),
      onRegistered: (host) => {
        if (this.#registered.has(host)) return;
        this.#registered.add(host);
        this.#options.onProgress(`${this.#registered.size} of ${this.#plan.hostCount} hosts registered`);
      },
    });
  }

  #replied(reply: StepReply): void {
    const { step_type: type, host, output } = reply;
    this.#script.answered(reply);
    const fault = replyFault(reply);
    const known = this.#faults.get(type);
    // What failed once has failed; a later success does not change it.
    if (known === undefined || (known === null && fault !== null)) {
      this.#faults.set(type, fault);
      this.#options.onProgress(`step ${type}: ${fault ?? 'answered'}`);
    }
    if (type === 'inventory' && fault === null) this.#inventories.set(host, output);
  }

  #staged(host: string, stage: string, status: number): void {
    if (status >= 400) return;
    const hosts = this.#stages.get(stage) ?? new Set();
    if (hosts.size === 0) this.#options.onProgress(`stage ${stage}`);
    this.#stages.set(stage, hosts.add(host));
  }

  /** At the end whoever waits for an answer is cut off. */
  #tapFailed(message: string): void {
    if (!this.#ending) this.#problems.add(message);
  }

  #happened(event: RunEvent): void {
    if (event.type !== 'host.error' && event.type !== 'run.warning') return;
    if (!UPGRADED.test(event.message)) this.#problems.add(event.message);
  }

  #outputs(ending = '.log'): string[] {
    return readdirSync(this.#logs)
      .filter((name) => name.endsWith(ending) || name.endsWith(`${ending}.1`))
      .map((name) => readFileSync(join(this.#logs, name), 'utf8'));
  }

  #report(seconds: number): ProgramReport {
    const { programs } = this.#options;
    const attempts = this.#outputs('.commands').flatMap(parseAttempts);
    const output = this.#outputs().join('\n');
    const replaced = replacedCommands(['agent', 'installer', 'controller']);
    const due = replacedCommands(this.#installs ? ['agent', 'installer', 'controller'] : ['agent']);
    const known = new Set([...replaced, ...TOOLS, ...Object.keys(hostPrograms(programs)), ...LOOKED_FOR]);
    const executed = executedCommands(attempts);
    const stages = this.#installs ? stageOutcomes(this.#stages) : [];
    for (const stage of missingStages(stages)) this.#problems.add(`no host has told of the stage "${stage}"`);
    const report = {
      seconds: Math.round(seconds),
      programs: [...this.#read].map(([name, { build }]) => checkedProgram(name, programs[name]!, build, patchTexts())),
      method: this.#watched
        ? 'every attempt was seen by the kernel (seccomp)'
        : 'from what the programs write: a missing command that nobody complains of is not seen',
      steps: stepOutcomes(this.#faults, this.#script.unanswered, {
        ...BEYOND_HOSTS,
        ...(!this.#installs && { install: 'needs --installer and --controller' }),
      }),
      stages,
      escaped: mergedWith(missingCommands(output), escapedCommands(attempts, known), known),
      refused: (this.#tap?.refusals ?? []).map((refusal) => ({ ...refusal, expected: expectedRefusal(refusal) })),
      drift: [
        ...[...this.#read].flatMap(([name, program]) => unknownWords(name, program)),
        ...[...unknownFlags(output)].map((flag) => `a program does not have the flag ${flag} any more`),
      ],
      inventory: this.#inventoryDrift(),
      problems: [...this.#problems],
      notExercised: this.#watched ? due.filter((name) => !executed.has(name)) : [],
    };
    return { ...report, passed: isPassed({ ...report }) };
  }

  #inventoryDrift() {
    const found = this.#hosts.flatMap((host) => {
      const stock = this.#inventories.get(host.identity.id);
      return stock === undefined ? [] : inventoryDifferences(JSON.parse(stock), JSON.parse(host.inventory()));
    });
    return [...new Map(found.map((one) => [one.path, one])).values()];
  }
}

/** Names of the commands that are replaced for these programs. */
function replacedCommands(programs: readonly Named[]): string[] {
  return programs.flatMap((name) => readdirSync(join(patchesFolder(), name))).sort();
}

function patchTexts(): string[] {
  const all = ['agent', 'installer', 'controller'].flatMap((name) =>
    readdirSync(join(patchesFolder(), name)).map((file) => join(patchesFolder(), name, file)),
  );
  return all.map((path) => readFileSync(path, 'utf8'));
}

/** Adds what only the programs' own output tells of. */
function mergedWith(names: Iterable<string>, escaped: EscapedCommand[], known: ReadonlySet<string>): EscapedCommand[] {
  const seen = new Set(escaped.map(({ command }) => command));
  const further = [...names].filter((name) => !seen.has(name) && !known.has(name));
  return [...escaped, ...further.map((command) => ({ command, by: '', call: '', times: 1 }))];
}

/** Whether attempts to execute something can be watched here. @param folder for a file that is made and left */
function canWatch(folder: string): boolean {
  const file = join(folder, 'trial.commands');
  writeFileSync(file, '');
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const watch = join(patchesFolder(), 'machine/watch');
  spawnSync('unshare', [...user, '--pid', '--fork', '--mount-proc', 'perl', watch, file, 'true'], { stdio: 'ignore' });
  return existsSync(file) && readFileSync(file, 'utf8') !== '';
}

function planOf({ agent, installer, controller, manifests }: StockPrograms): ExpandedPlan {
  const plan = parsePlan(
    {
      name: 'check',
      seed: 'check',
      agent: 'noop',
      programs: { agent, installer: agent, controller: agent, controller_manifests: agent },
      boot_spread: '1s',
      spoke_profile: 'quick',
      clusters: [
        { name: 'sno', topology: 'sno' },
        { name: 'multi', topology: { control_planes: 3, workers: 1 } },
        { name: POOL, topology: 'sno', just_infraenv: true },
      ],
    },
    'check',
    { allowFiles: true },
  );
  return { ...expandPlan(plan), programs: { agent, installer, controller, manifests } };
}
