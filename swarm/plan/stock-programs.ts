/** The stock programs in a file of their own, with the keys that `programs` of a plan has. */
import { dirname, resolve } from 'node:path';
import { allowedWords } from '../../model/text/allowed-words.ts';
import type { ProgramSource, ProgramSources } from './expanded-plan.ts';
import { PlanError } from './plan.ts';
import { PlanSource } from './plan-source.ts';
import { planFileSchema } from './schema.ts';
import { schemaProblems } from './schema-problems.ts';

const KEYS = ['agent', 'installer', 'controller', 'controller_manifests'] as const;

/**
 * Reads them; paths are relative to the file. All are needed: nobody knows beforehand what the hosts are installed into.
 * @throws PlanError with every problem found
 */
export function parsePrograms(file: string, text: string): ProgramSources {
  const source = new PlanSource(file, text);
  const schema = planFileSchema.shape.programs.unwrap();
  const read = schema.safeParse(source.value, { error: allowedWords });
  if (!read.success) {
    const form = { schema, subject: 'the file of stock programs', secretKeys: new Set<string>() };
    throw new PlanError(schemaProblems(source, read.error.issues, form));
  }
  const { agent, installer, controller, controller_manifests: manifests } = read.data;
  const inImage = typeof installer === 'object';
  const missing = KEYS.filter((key) => read.data[key] === undefined && !(key === 'controller_manifests' && inImage));
  if (missing.length > 0) {
    const message = `${missing.join(', ')} missing; allowed: ${KEYS.join(', ')}, as programs of a plan has them`;
    throw new PlanError([{ ...source.positionOf([]), message }]);
  }
  const at = (path: string) => resolve(dirname(file), path);
  const sourceOf = (given: ProgramSource) => (typeof given === 'string' ? at(given) : { image: given.image });
  return {
    agent: sourceOf(agent!),
    installer: sourceOf(installer!),
    controller: sourceOf(controller!),
    manifests: manifests === undefined ? null : at(manifests),
  };
}
