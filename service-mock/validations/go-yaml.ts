/** YAML as Go's libraries read it, and what they say of text that is none. Upstream: gopkg.in/yaml.v2 and sigs.k8s.io/yaml. */
import { parseAllDocuments } from 'yaml';
import { syntaxProblem } from './yaml/parser.ts';

const OPTIONS = { version: '1.1', uniqueKeys: false, merge: true, strict: false, logLevel: 'silent' } as const;

/** The first document of a text, or why it is none. */
export function readYaml(text: string): { value: unknown; problem?: string } {
  const problem = syntaxProblem(text, 'first');
  if (problem !== undefined) return { value: undefined, problem: `yaml: ${problem}` };
  return contentOf(text, (documents) => documents[0]?.toJS(ALIASES));
}

/** Why one of the documents of a text is none; undefined for good ones. */
export function yamlDocumentsProblem(text: string): string | undefined {
  const problem = syntaxProblem(text, 'all');
  if (problem !== undefined) return `yaml: ${problem}`;
  return contentOf(text, (documents) => documents.map((document) => document.toJS(ALIASES))).problem;
}

const ALIASES = { maxAliasCount: 100 };

type Documents = Exclude<ReturnType<typeof parseAllDocuments>, { empty: true }>;

function documentsOf(text: string): Documents {
  const documents = parseAllDocuments(text, OPTIONS);
  return Array.isArray(documents) ? (documents as Documents) : ([] as unknown as Documents);
}

function contentOf(text: string, read: (documents: Documents) => unknown): { value: unknown; problem?: string } {
  try {
    return { value: read(documentsOf(text)) };
  } catch (error) {
    const isMerge = error instanceof Error && error.message.startsWith('Merge sources');
    const problem = isMerge
      ? 'map merge requires map or sequence of maps as the value'
      : 'document contains excessive aliasing';
    return { value: undefined, problem: `yaml: ${problem}` };
  }
}
