/** Renders the objects of a run, cluster by cluster, as YAML documents. */
import { OwnDocumentError, ownDocuments } from './own-documents.ts';
import { TemplateError } from './strict-templates.ts';
import type { Template, TemplateSet } from './template-set.ts';
import type { ClusterValues, RunValues } from './values.ts';

/** Objects by kind. */
export type ObjectCounts = Map<string, number>;

/** The same templates and values always give the same bytes. */
export class ManifestRenderer {
  /** Objects rendered so far. */
  readonly counts: ObjectCounts = new Map();
  /** The same by `apiVersion kind`. */
  readonly types: ObjectCounts = new Map();
  readonly #set: TemplateSet;
  readonly #run: RunValues;

  constructor(set: TemplateSet, run: RunValues) {
    this.#set = set;
    this.#run = run;
  }

  /** Objects that exist once. Each document begins with `---`. @throws TemplateError */
  once(): string {
    return this.#set.templates
      .filter((template) => template.scope === 'once')
      .map((template) => this.#documents(template, this.#run))
      .join('');
  }

  /**
   * Objects of one cluster and its hosts, in an order in which each may be created. Each document begins with `---`.
   * @throws TemplateError
   */
  cluster(cluster: ClusterValues): string {
    let text = '';
    const values = { ...this.#run, cluster };
    for (const template of this.#set.templates) {
      if (template.scope === 'cluster') text += this.#documents(template, values);
      if (template.scope === 'host') {
        for (const host of cluster.hosts) text += this.#documents(template, { ...values, host });
      }
    }
    return text;
  }

  #documents(template: Template, values: object): string {
    const text = this.#set.render(template, values).trim();
    if (text === '') return '';
    if (template.own) return this.#ownDocuments(template, text);
    this.#count(template.apiVersion, template.kind);
    return `---\n${text}\n`;
  }

  /** The user's objects get the label of the run too, or nothing would find them when the run is removed. */
  #ownDocuments(template: Template, text: string): string {
    try {
      return ownDocuments(text, this.#run.run.name)
        .map((document) => {
          this.#count(document.apiVersion, document.kind);
          return `---\n${document.text}`;
        })
        .join('');
    } catch (error) {
      if (!(error instanceof OwnDocumentError)) throw error;
      throw new TemplateError(template.file, 0, 0, error.message);
    }
  }

  #count(apiVersion: string, kind: string): void {
    const type = `${apiVersion} ${kind}`;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.types.set(type, (this.types.get(type) ?? 0) + 1);
  }
}
