/** What templates of the user's render: checked as kubectl reads it, and given the label of the run. */
import { type Document, isMap, parseAllDocuments, stringify, visit } from 'yaml';
import { RUN_LABEL } from '../model/kube/run-label.ts';
import { AS_KUBECTL } from './manifest-objects.ts';

/** A document that is no object that a hub could take. The message does not quote the text, which may hold secrets. */
export class OwnDocumentError extends Error {
  constructor(reason: string, position?: { line: number; col: number }) {
    super(`renders ${reason}${position ? ` (line ${position.line}, column ${position.col} of the result)` : ''}`);
    this.name = 'OwnDocumentError';
  }
}

export interface OwnDocument {
  apiVersion: string;
  kind: string;
  /** With the label, without `---`. */
  text: string;
}

type Mapping = Record<string, unknown>;

/** The objects of a text, documents without content left out. @throws OwnDocumentError */
export function ownDocuments(text: string, run: string): OwnDocument[] {
  const parsed = parseAllDocuments(text, AS_KUBECTL);
  return (Array.isArray(parsed) ? parsed : []).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw new OwnDocumentError(`text that is not valid YAML: ${error.code}`, error.linePos?.[0]);
    const object = plainOf(document);
    if (object === null) return [];
    const { apiVersion, kind } = checked(object);
    return [{ apiVersion, kind, text: labelled(document, object, run) }];
  });
}

function plainOf(document: Document): unknown {
  try {
    return document.toJS();
  } catch {
    throw new OwnDocumentError('aliases that cannot be resolved, or far too many');
  }
}

function checked(object: unknown): { apiVersion: string; kind: string } {
  const { apiVersion, kind, metadata, items } = isMapping(object) ? object : {};
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    throw new OwnDocumentError('something that is not an object of Kubernetes: apiVersion or kind is missing');
  }
  if (kind.endsWith('List') && Array.isArray(items)) {
    throw new OwnDocumentError(`a ${kind}; render each of its items as a document of its own`);
  }
  const { name, namespace, labels, annotations } = isMapping(metadata) ? metadata : {};
  if (name === undefined || name === null || name === '') {
    throw new OwnDocumentError(`an object of kind ${kind} without metadata.name`);
  }
  for (const [field, map] of Object.entries({ labels, annotations })) {
    if (map === undefined || map === null || isMapping(map)) continue;
    throw new OwnDocumentError(`an object of kind ${kind} whose metadata.${field} must be a mapping`);
  }
  const texts: [field: string, value: unknown][] = [
    ['name', name],
    ['namespace', namespace],
    ...entriesOf('labels', labels),
    ...entriesOf('annotations', annotations),
  ];
  for (const [field, value] of texts) {
    if (value === undefined || value === null || typeof value === 'string') continue;
    throw new OwnDocumentError(
      `an object of kind ${kind} whose metadata.${field} is a ${typeof value} to kubectl; write it in quotes`,
    );
  }
  return { apiVersion, kind };
}

function entriesOf(field: string, map: unknown): [string, unknown][] {
  return Object.entries((map ?? {}) as Mapping).map(([key, value]) => [`${field}.${key}`, value]);
}

/** As it was written where that is possible; with anchors or merge keys the label could get to places that it is not meant for. */
function labelled(document: Document, object: unknown, run: string): string {
  const plain = object as { metadata: Mapping };
  const labels = plain.metadata.labels as Mapping | null | undefined;
  if (!isShared(document) && isMap(document.getIn(['metadata'], true))) {
    if (!isMap(document.getIn(['metadata', 'labels'], true))) {
      document.setIn(['metadata', 'labels'], document.createNode({ [RUN_LABEL]: run }));
    } else document.setIn(['metadata', 'labels', RUN_LABEL], run);
    return document.toString({ directives: false, lineWidth: 0 });
  }
  const metadata = { ...plain.metadata, labels: { ...labels, [RUN_LABEL]: run } };
  return stringify({ ...plain, metadata }, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}

function isShared(document: Document): boolean {
  let shared = false;
  visit(document, {
    Alias: () => {
      shared = true;
      return visit.BREAK;
    },
    Pair: (_, { key }) => {
      const { value } = (key ?? {}) as { value?: unknown };
      // The parser makes a symbol of it.
      if (value !== '<<' && typeof value !== 'symbol') return undefined;
      shared = true;
      return visit.BREAK;
    },
  });
  return shared;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
