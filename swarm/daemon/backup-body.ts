/**
 * The body that starts a backup load: an object with the parameters of `swarm backup run` under the names of its options, without the
 * hyphens in front, and which cluster is meant. It names no files of the daemon's machine.
 */
import { isAbsolute, normalize } from 'node:path';
import { nearest } from '../../model/text/nearest.ts';
import { BackupInputError } from '../backup/backup-error.ts';
import { type BackupRequest, backupRequest } from '../backup/backup-request.ts';
import {
  optionOf,
  PARAMETER_NAMES,
  PARAMETERS,
  type Parameter,
  type ParameterName,
  ParametersError,
} from '../backup/parameters.ts';
import { credentialsOf } from '../backup/registry-secret.ts';
import { ApiError } from './api-error.ts';
import type { BackupStart } from './backup-manager.ts';
import { clusterTarget, EMBEDDED_SPEED, embeddedTarget } from './backup-target.ts';

/** `max-vus` by `maxVus`. */
const nameOf = (parameter: ParameterName) => optionOf(parameter).slice(2);
const PARAMETER_OF = new Map(PARAMETER_NAMES.map((parameter) => [nameOf(parameter), parameter]));
const SPEED = { least: 0.1, most: 1000 } as const;
/** Which cluster; the schema of each for the OpenAPI document. */
const CLUSTER_KEYS = {
  embedded: {
    type: 'boolean',
    default: false,
    description: "A cluster in the daemon's process in place of a real one, in compressed time.",
  },
  speed: {
    type: 'number',
    minimum: SPEED.least,
    maximum: SPEED.most,
    description: `With embedded: simulated seconds in one second; default ${EMBEDDED_SPEED}.`,
  },
  context: {
    type: 'string',
    description:
      "Context of the daemon's kubeconfig (the one that kubectl takes: KUBECONFIG of its environment); default its current one.",
  },
} as const;
const NAMES = [...PARAMETER_OF.keys(), ...Object.keys(CLUSTER_KEYS)];
/** What a body must hold instead of a file's name. */
const OWN_WORKSPACE = 'devworkspace-link';

/** Levels of a DevWorkspace. */
const DEEPEST = 64;

/** Of the body, for the OpenAPI document. */
export const backupBody = {
  type: 'object',
  additionalProperties: false,
  required: ['max-devworkspaces'],
  properties: {
    ...Object.fromEntries(
      PARAMETER_NAMES.filter((parameter) => !(PARAMETERS[parameter] as Parameter).hidden).map((parameter) => {
        const { summary, value, absent, absentText }: Parameter = PARAMETERS[parameter];
        const standard = absentText ?? (absent || null);
        return [
          nameOf(parameter),
          {
            type: ['string', 'integer', 'boolean'],
            description: `${summary} (${value})${standard === null ? '' : `; default ${standard}`}`,
          },
        ];
      }),
    ),
    [OWN_WORKSPACE]: { type: 'object', description: 'Your own DevWorkspace in place of the built-in one.' },
    ...CLUSTER_KEYS,
  },
};

type Body = Readonly<Record<string, unknown>>;

/** @param text JSON. @throws ApiError 400 with every problem */
export async function backupStartOf(text: unknown): Promise<BackupStart> {
  const body = bodyOf(text);
  const problems = [...namesProblems(body), ...clusterProblems(body), ...filesProblems(body)];
  const request = requestOf(body, problems);
  const credentials = await orRefusal(async () => credentialsOf(process.env));
  return { request, open: await targetOf(body, request), credentials };
}

function bodyOf(text: unknown): Body {
  if (typeof text !== 'string' || text.trim() === '') {
    throw new ApiError(
      400,
      'no-body',
      'the body is empty; it must be an object with parameters of a backup load, as JSON',
    );
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, 'bad-json', `the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  const given = Array.isArray(body) ? 'a list' : body === null ? 'null' : `a ${typeof body}`;
  throw new ApiError(400, 'bad-json', `the body is ${given}; it must be an object such as {"max-devworkspaces": 50}`);
}

/** Values of names that nobody knows are not repeated: they may be passwords. */
function namesProblems(body: Body): string[] {
  return Object.keys(body)
    .filter((name) => !NAMES.includes(name))
    .map((name) => {
      const shown = JSON.stringify(name.slice(0, 80));
      if (name === 'kubeconfig') {
        return 'kubeconfig is not taken: a body names no files of the daemon; it uses the kubeconfig that kubectl takes (KUBECONFIG), of which context chooses a cluster';
      }
      if (/^(quay|registry)?[-_]?(user(name)?|password|token)$/i.test(name)) {
        return `${shown} is not taken: the daemon has credentials of the registry in QUAY_USERNAME and QUAY_PASSWORD of its environment, or they are in a secret of the cluster`;
      }
      const meant = nearest(name.replace(/^--/, ''), NAMES);
      return `${shown} is no parameter${meant ? `; did you mean ${meant}?` : ''}`;
    });
}

function clusterProblems({ embedded, speed, context }: Body): string[] {
  const problems: string[] = [];
  if (embedded !== undefined && typeof embedded !== 'boolean') {
    problems.push(`embedded is ${shownOf(embedded)}: allowed are true and false`);
  }
  if (speed !== undefined) {
    if (!(typeof speed === 'number' && speed >= SPEED.least && speed <= SPEED.most)) {
      problems.push(`speed is ${shownOf(speed)}: allowed is a number from ${SPEED.least} to ${SPEED.most}`);
    } else if (embedded !== true) problems.push('speed is for embedded alone: a real cluster has its own time');
  }
  if (context !== undefined) {
    if (typeof context !== 'string' || context === '') {
      problems.push(`context is ${shownOf(context)}: allowed is the name of a context of the daemon's kubeconfig`);
    } else if (embedded === true) {
      problems.push('embedded is a cluster of its own; leave out context, or embedded');
    }
  }
  return problems;
}

function filesProblems(body: Body): string[] {
  const problems: string[] = [];
  const { [OWN_WORKSPACE]: own, 'logs-dir': logs } = body;
  if (typeof own === 'string' && own !== '') {
    problems.push(
      `${OWN_WORKSPACE} is a text: a body names no files of the daemon; give the DevWorkspace itself, as an object`,
    );
  }
  if (typeof logs === 'string' && (isAbsolute(logs) || normalize(logs).split(/[/\\]/).includes('..'))) {
    problems.push(`logs-dir is ${shownOf(logs)}: allowed is a folder below that of the run`);
  }
  return problems;
}

/** @param problems those found already. @throws ApiError when there are any */
function requestOf(body: Body, problems: string[]): BackupRequest {
  const given: Partial<Record<ParameterName, string>> = {};
  for (const [name, parameter] of PARAMETER_OF) {
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (value === undefined) continue;
    if (['string', 'number', 'boolean'].includes(typeof value)) given[parameter] = String(value);
    else if (name === OWN_WORKSPACE && typeof value === 'object' && value !== null)
      given[parameter] = 'the DevWorkspace';
    else problems.push(`${name} is ${shownOf(value)}: allowed is a text, a number, true or false`);
  }
  let request: BackupRequest | null = null;
  try {
    request = backupRequest(given, () => textOf(body[OWN_WORKSPACE]));
  } catch (error) {
    if (!(error instanceof ParametersError)) throw error;
    problems.push(...error.problems.map(withoutHyphens));
  }
  if (problems.length === 0 && request) return request;
  throw new ApiError(400, 'bad-parameters', problems.join('\n'), { given: problems, allowed: NAMES });
}

function textOf(own: unknown): string {
  if (isDeeperThan(own, DEEPEST)) {
    throw new ParametersError([`${OWN_WORKSPACE} is nested too deeply: allowed are ${DEEPEST} levels`]);
  }
  return JSON.stringify(own);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeperThan(one, levels - 1));
}

/** Messages name options; a body has none. */
function withoutHyphens(message: string): string {
  return message.replace(/--([a-z-]+)/g, (option, name: string) => (PARAMETER_OF.has(name) ? name : option));
}

async function targetOf({ embedded, speed, context }: Body, request: BackupRequest): Promise<BackupStart['open']> {
  if (embedded === true) return () => embeddedTarget(request, speed as number | undefined);
  // Read now: what cannot be used is told at once.
  const choice = context === undefined ? {} : { context: context as string };
  const target = await orRefusal(() => clusterTarget(choice));
  return () => target;
}

async function orRefusal<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BackupInputError)) throw error;
    throw new ApiError(400, 'bad-parameters', error.message);
  }
}

const shownOf = (value: unknown) => {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};
