/** What a check of stock programs has found, and what of it speaks against them. */
import { HOST_STAGES, STEP_TYPES, type StepType } from '../../../model/protocol/states.ts';
import type { BuildInfo, GoProgram } from '../../noop/build-info.ts';
import type { EscapedCommand } from '../../noop/watched-commands.ts';
import type { FieldDifference } from './inventory-fields.ts';
import type { Refusal } from './service-tap.ts';

/** One program that was given. */
export interface CheckedProgram {
  name: 'agent' | 'installer' | 'controller';
  path: string;
  /** Null when it does not say. */
  goVersion: string | null;
  /** Of its sources; '' when it was built without. */
  revision: string;
  /** Version of assisted-service's models that it was built with; '' when it does not say. */
  models: string;
  /** Revisions whose calls the replaced commands were written after. */
  knownRevisions: string[];
}

export interface StepOutcome {
  type: string;
  /** `failed`: answered, but not as it should be, or not answered. */
  outcome: 'ok' | 'failed' | 'not covered';
  /** '' for ok. */
  reason: string;
}

export interface StageOutcome {
  stage: string;
  /** Hosts that have told of it, and were not refused. */
  hosts: number;
  /** Why nobody did; '' when somebody has. */
  reason: string;
}

export interface ProgramReport {
  /** Nothing speaks against the programs. */
  passed: boolean;
  seconds: number;
  programs: CheckedProgram[];
  /** How attempts to execute something were seen. */
  method: string;
  steps: StepOutcome[];
  /** Empty when nothing was installed. */
  stages: StageOutcome[];
  escaped: EscapedCommand[];
  /** Answers of the service that refuse, with the reason where one is to be expected. */
  refused: (Refusal & { expected: string })[];
  /** Words, flags and fields that have changed upstream. */
  drift: string[];
  inventory: FieldDifference[];
  /** Whatever else went wrong. */
  problems: string[];
  /** Replaced commands that no program has executed. */
  notExercised: string[];
}

/** Refusals that a right program meets too. */
const EXPECTED: readonly { method: string; path: RegExp; status: number; why: string }[] = [
  {
    method: 'PUT',
    path: /\/progress$/,
    status: 409,
    why: 'bootstrap and controller tell of the same stage, and the second is refused',
  },
];

export function expectedRefusal({ method, path, status }: Refusal): string {
  return EXPECTED.find((one) => one.method === method && one.status === status && one.path.test(path))?.why ?? '';
}

export function isPassed(report: Omit<ProgramReport, 'passed'>): boolean {
  const { steps, escaped, refused, drift, inventory, problems } = report;
  return (
    steps.every(({ outcome }) => outcome !== 'failed') &&
    refused.every(({ expected }) => expected !== '') &&
    [escaped, drift, inventory, problems].every((list) => list.length === 0)
  );
}

const MODELS = 'github.com/openshift/assisted-service/models';
const SOURCES = {
  agent: 'github.com/openshift/assisted-installer-agent',
  installer: 'github.com/openshift/assisted-installer',
  controller: 'github.com/openshift/assisted-installer',
} as const;
/** Version of the module that a program is a part of, when it was built from a working copy: Go, cmd/go, `go version -m`. */
const WORKING_COPY = '(devel)';

/** @param patches texts of the files of replaced commands */
export function checkedProgram(
  name: CheckedProgram['name'],
  path: string,
  build: BuildInfo | null,
  patches: readonly string[],
): CheckedProgram {
  const noun = name === 'agent' ? 'agent' : 'installer';
  const known = patches.flatMap((text) =>
    [...(/^# Versions: (.*)$/m.exec(text)?.[1] ?? '').matchAll(/(\w+) ([0-9a-f]{8})/g)]
      .filter((match) => match[1] === noun)
      .map((match) => match[2]!),
  );
  return {
    name,
    path,
    goVersion: build?.goVersion ?? null,
    revision: build?.revision ?? '',
    models: build?.modules.get(MODELS) ?? '',
    knownRevisions: [...new Set(known)].sort(),
  };
}

/** Refuses a program that says it was built of the other's sources. @throws RangeError */
export function checkSources(name: CheckedProgram['name'], path: string, build: BuildInfo | null): void {
  const other = Object.values(SOURCES).find(
    (sources) => sources !== SOURCES[name] && build?.modules.get(sources) === WORKING_COPY,
  );
  if (other !== undefined)
    throw new RangeError(
      `programs.${name} is ${path}, which was built of ${other}; allowed: what ${SOURCES[name]} builds`,
    );
}

/** Step types of the service's enumeration that no agent runs: assisted-service, models/step_type.go. */
const NOT_RUN = ['execute', 'next-step-runner'];

/** Words that a program knows and we do not: of the lists in its code those that share most of their words with ours. */
export function unknownWords(name: string, { lists }: GoProgram): string[] {
  const families = [
    { noun: 'step type', words: [...STEP_TYPES, ...NOT_RUN] as readonly string[] },
    { noun: 'stage', words: HOST_STAGES as readonly string[] },
  ];
  return families.flatMap(({ noun, words }) =>
    lists
      .filter((list) => list.filter((word) => words.includes(word)).length > words.length / 2)
      .flatMap((list) => list.filter((word) => !words.includes(word)))
      .map((word) => `${name} knows the ${noun} "${word}", which is not known here`),
  );
}

/** Why a stage is not told of, where that is no fault. */
const STAGE_REASONS: Readonly<Record<string, string>> = {
  'Copying registry data to disk': 'only with a registry on the installation medium',
  // assisted-installer, src/common/common.go, SetConfiguringStatusForHosts.
  'Waiting for ignition': 'only when a worker has its ignition while the bootstrap still runs',
  Failed: 'only when an installation fails',
};

/** @param hosts by stage */
export function stageOutcomes(hosts: ReadonlyMap<string, ReadonlySet<string>>): StageOutcome[] {
  return HOST_STAGES.map((stage) => {
    const count = hosts.get(stage)?.size ?? 0;
    return { stage, hosts: count, reason: count > 0 ? '' : (STAGE_REASONS[stage] ?? 'no host has told of it') };
  });
}

/** Stages that somebody should have told of. */
export function missingStages(stages: readonly StageOutcome[]): string[] {
  return stages.filter(({ hosts, stage }) => hosts === 0 && !(stage in STAGE_REASONS)).map(({ stage }) => stage);
}

/** @param faults by type of those that were answered: null for a good reply @param reasons why a type was not handed out */
export function stepOutcomes(
  faults: ReadonlyMap<string, string | null>,
  unanswered: readonly StepType[],
  reasons: Readonly<Partial<Record<StepType, string>>>,
): StepOutcome[] {
  return [...new Set([...STEP_TYPES, ...faults.keys()])].map((type): StepOutcome => {
    const fault = faults.get(type);
    if (fault === null) return { type, outcome: 'ok', reason: '' };
    if (fault !== undefined) return { type, outcome: 'failed', reason: fault };
    if (unanswered.includes(type as StepType)) return { type, outcome: 'failed', reason: 'was never answered' };
    return { type, outcome: 'not covered', reason: reasons[type as StepType] ?? 'was not handed out' };
  });
}
