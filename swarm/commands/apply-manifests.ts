/** The work of `swarm manifests apply`. */
import { RUN_LABEL } from '../../manifests/index.ts';
import { RESOURCES, resourceName } from '../../model/kube/resources.ts';
import { HubObjects } from '../cluster/hub-objects.ts';
import { type HubKinds, type HubNamespaces, HubPreflight } from '../cluster/hub-preflight.ts';
import { HubRequests } from '../cluster/hub-requests.ts';
import { countOf, formatCount, formatMs, shellWord } from '../report/style.ts';
import { WorkProgress } from '../report/work-progress.ts';
import { EXIT, InputError } from './exit.ts';
import { HubAccess, type HubFlags, orInput } from './hub-access.ts';
import { type HubRecord, isOver, openHubRecord } from './hub-record.ts';
import { Interruption } from './interrupt.ts';
import { ManifestFleet, type ManifestFleetOptions, type ManifestFleetSurvey } from './manifest-fleet.ts';
import { ManifestFleetApply } from './manifest-fleet-apply.ts';
import { note } from './note.ts';
import { firstOf, kindsText, refusedText } from './work-texts.ts';

export interface ApplyFlags extends ManifestFleetOptions, HubFlags {
  concurrency: number;
  /** Seconds. */
  timeout: number;
  forceConflicts?: true;
  out: string;
  json?: true;
}

/** Verbs that applying and looking at an object needs. */
const VERBS = ['create', 'patch', 'get', 'list'] as const;

/** @returns the exit code. @throws InputError */
export async function applyManifests(files: readonly string[], flags: ApplyFlags): Promise<number> {
  const fleet = new ManifestFleet(files, flags);
  const hub = new HubAccess(fleet.hubOf(flags), flags.concurrency);
  const interruption = new Interruption(
    () => note('ending what is under way; Ctrl-C again leaves at once'),
    () => process.exit(EXIT.interrupted),
  );
  try {
    return await new ApplyCommand(fleet, hub, flags, interruption).run();
  } catch (error) {
    if (!interruption.begin.aborted) throw error;
    note('interrupted; nothing was applied');
    return EXIT.interrupted;
  } finally {
    interruption.release();
    await hub.close();
  }
}

class ApplyCommand {
  readonly #fleet: ManifestFleet;
  readonly #hub: HubAccess;
  readonly #flags: ApplyFlags;
  readonly #interruption: Interruption;

  constructor(fleet: ManifestFleet, hub: HubAccess, flags: ApplyFlags, interruption: Interruption) {
    this.#fleet = fleet;
    this.#hub = hub;
    this.#flags = flags;
    this.#interruption = interruption;
  }

  async run(): Promise<number> {
    const { label } = this.#fleet;
    const place = { ...this.#hub.place, label };
    const startedAt = performance.now();
    const survey = await this.#fleet.survey(this.#interruption.begin);
    isOver(this.#flags.out, place);
    const { kinds, namespaces } = await orInput('nothing was applied', this.#preflight(survey));
    const record = openHubRecord(this.#flags.out, this.#fleet, place, survey.digest);
    const { client, clock } = this.#hub;
    const patienceMs = this.#flags.timeout * 1000;
    const objects = new HubObjects({ client, clock, ledger: record.ledger, run: label, patienceMs });
    const work = new ManifestFleetApply({
      fleet: this.#fleet,
      survey,
      kinds,
      namespaces,
      objects,
      finished: record.finished,
      concurrency: this.#flags.concurrency,
      patienceMs,
      force: this.#flags.forceConflicts === true,
      stop: this.#interruption.begin,
      cut: this.#interruption.cut,
      calls: this.#hub.calls,
    });
    const progress = new WorkProgress({ work, stream: process.stderr });
    progress.start();
    try {
      await work.run();
    } finally {
      progress.stop();
      const verdict = work.complete ? 'passed' : this.#interruption.begin.aborted ? 'interrupted' : 'failed';
      const reasons = work.stopped === null ? [] : [work.stopped];
      record.ledger.end({ ended: new Date().toISOString(), verdict, reasons });
    }
    this.#report(work, record, performance.now() - startedAt);
    if (this.#interruption.begin.aborted && !work.complete) return EXIT.interrupted;
    return work.complete ? EXIT.ok : EXIT.failed;
  }

  /** @throws InputError with a line for each thing that is wrong; nothing is applied then. */
  async #preflight({
    kinds: wanted,
  }: ManifestFleetSurvey): Promise<{ kinds: HubKinds; namespaces: HubNamespaces | null }> {
    const { client, clock } = this.#hub;
    const requests = new HubRequests({ client, clock, patienceMs: this.#flags.timeout * 1000 });
    const preflight = new HubPreflight(requests, this.#interruption.begin);
    const unreachable = await preflight.unreachable();
    if (unreachable !== null) throw new InputError(`${unreachable}; nothing was applied`);
    const kinds = await preflight.served(wanted.keys());
    const missing = [...wanted.keys()].filter((type) => !kinds.has(type));
    if (missing.length > 0) throw new InputError(`${kindsText(client.server, missing)}; nothing was applied`);
    const denied = await preflight.missingRights([...new Set(kinds.values())], VERBS);
    const names = new Set(this.#fleet.plan.clusters.map(({ name }) => name));
    const wantsNamespaces = [...kinds.values()].some((one) => resourceName(one) === resourceName(RESOURCES.namespaces));
    const namespaces = await preflight.namespaces(wantsNamespaces ? names : new Set(), this.#fleet.label);
    const problems = [
      ...(denied.length > 0
        ? [
            `the user of the kubeconfig may not ${denied.join(', ')} in all namespaces of ${client.server}; ask for these rights, or choose another context`,
          ]
        : []),
      ...namespaceProblems(namespaces),
    ];
    if (problems.length > 0) throw new InputError(`${problems.join('\n')}\nnothing was applied`);
    return { kinds, namespaces };
  }

  #report(work: ManifestFleetApply, record: HubRecord, ms: number): void {
    const { label, plan } = this.#fleet;
    const { calls } = this.#hub;
    const summary = work.summary();
    if (this.#flags.json) {
      const { name, seed } = plan;
      const json = {
        run: { label: RUN_LABEL, name: label, plan: name, seed },
        hub: this.#hub.place.server,
        folder: record.folder,
        ...summary,
        requests: calls.summary(),
        seconds: Math.round(ms) / 1000,
      };
      process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
    } else process.stdout.write(`${refusedText(summary.refused).join('\n')}${summary.refused.length > 0 ? '\n' : ''}`);
    const { applied, unchanged } = summary.objects;
    const stand = unchanged > 0 ? `, and left ${formatCount(unchanged)} as an earlier call had made them` : '';
    note(
      `applied ${countOf(applied, 'object')}${stand} of ${countOf(summary.clusters.done, 'cluster')} in ${formatMs(ms)} with ${countOf(calls.total, 'request')}; label ${RUN_LABEL}=${label}`,
    );
    if (work.stopped !== null) note(work.stopped);
    if (work.conflicts > 0) {
      note(
        `${work.conflicts === 1 ? '1 object has' : `${formatCount(work.conflicts)} objects have`} fields that others have changed; --force-conflicts takes them`,
      );
    }
    if (!work.complete) {
      const again = work.stopped !== null || this.#interruption.begin.aborted;
      note(
        `${again ? 'go on with the same command; ' : ''}remove what stands with: ${deleteCommand(label, this.#flags)}`,
      );
    }
  }
}

function deleteCommand(label: string, { kubeconfig, context, out }: ApplyFlags): string {
  const options = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--context', context]),
    ...(out === 'runs' ? [] : ['--out', out]),
  ];
  return ['swarm manifests delete --run', ...[label, ...options].map(shellWord)].join(' ');
}

function namespaceProblems(namespaces: HubNamespaces | null): string[] {
  if (namespaces === null) return [];
  const { others, terminating } = namespaces;
  const problems: string[] = [];
  if (terminating.length > 0) {
    problems.push(
      `being deleted on the hub: namespaces ${firstOf(terminating)}; apply when they are gone (kubectl get namespaces)`,
    );
  }
  if (others.length > 0) {
    const named = others.map(({ name, run }) => `${name} (${run === null ? 'of no run' : `of run ${run}`})`);
    problems.push(
      `there already, and not made by this run: namespaces ${firstOf(named)}; remove them, or take another name or --seed`,
    );
  }
  return problems;
}
