/** The templates that are rendered: ours, and those of a folder of the user's that replace or join them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StrictTemplates, TemplateError, type TemplateSource } from './strict-templates.ts';

/**
 * How often a template is rendered, from its file name: `10-namespace.cluster.yaml.njk` is rendered for each cluster.
 * What begins with `_` is only included by others.
 */
const FILE_NAME = /^(?!_).+\.(once|cluster|host)\.yaml\.njk$/;
type Scope = 'once' | 'cluster' | 'host';

export interface Template {
  name: string;
  /** What errors call it. */
  file: string;
  scope: Scope;
  /** What it renders is checked and labelled before it goes out. */
  own: boolean;
  /** Of the one object that it renders, for templates that are not the user's. */
  apiVersion: string;
  kind: string;
}

/** The folder that is shipped; beside this file in the source, at the root of an installed package. */
function shippedFolder(): string {
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const folder = join(at, 'manifests', 'templates');
    if (existsSync(folder)) return folder;
    if (at === dirname(at)) {
      throw new Error(`manifests/templates is not above ${import.meta.dirname}; install the whole package`);
    }
  }
}

export class TemplateSet {
  /** In the order of their names, which is the order of the objects. */
  readonly templates: readonly Template[];
  readonly #strict: StrictTemplates;

  /**
   * @param ownFolder a folder of the user's: a file of the same name replaces ours, others join them
   * @throws TemplateError when the folder cannot be read or a template is wrong
   */
  constructor(ownFolder?: string) {
    const shipped = shippedFolder();
    const sources = new Map<string, TemplateSource & { own: boolean }>();
    for (const name of readdirSync(shipped)) sources.set(name, { ...read(shipped, name), own: false });
    if (ownFolder !== undefined) {
      for (const name of list(ownFolder)) sources.set(name, { ...read(ownFolder, name), own: true });
    }
    this.#strict = new StrictTemplates((name) => sources.get(name));
    this.templates = [...sources]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, { file, text, own }]) => {
        if (name.startsWith('_')) return [];
        const scope = FILE_NAME.exec(name)?.[1] as Scope | undefined;
        if (!scope) {
          throw new TemplateError(
            file,
            0,
            0,
            'the name does not tell how often to render it; allowed: NAME.once.yaml.njk, NAME.cluster.yaml.njk, NAME.host.yaml.njk, or _NAME.njk for parts that others include',
          );
        }
        const [apiVersion = '', kind = ''] = [/^apiVersion: (\S+)$/m, /^kind: (\w+)$/m].map(
          (line) => line.exec(text)?.[1],
        );
        return [{ name, file, scope, own, apiVersion, kind }];
      });
    for (const { name } of this.templates) this.#strict.check(name);
  }

  /** @throws TemplateError */
  render(template: Template, values: object): string {
    return this.#strict.render(template.name, values);
  }
}

/** Names that were meant for templates: scope without our ending, or the ending of another engine. */
const MISNAMED = /\.(once|cluster|host)\.ya?ml(\.\w+)?$|\.(j2|jinja2?|tmpl|nunjucks)$/;

/** Templates in a folder of the user's. Other files, such as a README, may stand beside them. */
function list(folder: string): string[] {
  try {
    const names = readdirSync(folder);
    const templates = names.filter((name) => name.endsWith('.njk'));
    const misnamed = names.find((name) => !name.endsWith('.njk') && MISNAMED.test(name));
    if (misnamed !== undefined || templates.length === 0) {
      throw new TemplateError(
        misnamed === undefined ? folder : join(folder, misnamed),
        0,
        0,
        `${misnamed === undefined ? 'holds no templates' : 'is not the name of a template'}; allowed: NAME.once.yaml.njk, NAME.cluster.yaml.njk, NAME.host.yaml.njk, or _NAME.njk for parts that others include`,
      );
    }
    return templates;
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    throw new TemplateError(
      folder,
      0,
      0,
      `cannot be read (${(error as NodeJS.ErrnoException).code}); give a folder of templates`,
    );
  }
}

function read(folder: string, name: string): TemplateSource {
  const file = join(folder, name);
  try {
    return { file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    throw new TemplateError(file, 0, 0, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
