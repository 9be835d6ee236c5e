import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { builtInTemplate, TemplateError, templateOf } from './workspace-template.ts';

const CONTAINER = { name: 'main', container: { image: 'registry.example/shell:1' } };
const VOLUME = { name: 'projects', volume: { size: '64Mi' } };
const PER_WORKSPACE = { 'controller.devfile.io/storage-type': 'per-workspace' };

const devWorkspace = (template: object, more: object = {}) => ({
  apiVersion: 'workspace.devfile.io/v1alpha2',
  kind: 'DevWorkspace',
  metadata: { name: 'mine', namespace: 'there', labels: { a: 'b' } },
  spec: { started: false, routingClass: 'basic', template, ...more },
});
const read = (object: unknown, backup = true, storageType: 'common' | 'per-workspace' | null = null) =>
  templateOf('dw.yaml', typeof object === 'string' ? object : stringify(object), { backup, storageType });

describe('a template', () => {
  it('of its own is fit for backups', () => {
    const spec = builtInTemplate(5 * 2 ** 20, { backup: true, storageType: null });
    expect(read(devWorkspace(spec.template as object))).toMatchObject({ template: spec.template });
    expect(spec).toMatchObject({
      template: {
        attributes: PER_WORKSPACE,
        components: [
          { name: 'projects', volume: { size: '64Mi' } },
          { container: { env: [{ name: 'PAYLOAD_BYTES', value: '5242880' }] } },
        ],
      },
    });
  });

  it('has room for its data twice', () => {
    const { template } = builtInTemplate(2 ** 30, { backup: true, storageType: 'common' });
    expect(template).toMatchObject({ components: [{ volume: { size: '2269Mi' } }, {}] });
  });

  it.each([
    ['YAML', (object: unknown) => stringify(object)],
    ['JSON', (object: unknown) => JSON.stringify(object)],
    ['YAML after a comment and a separator', (object: unknown) => `# mine\n---\n${stringify(object)}`],
  ])('is read as %s, but for its name and state', (_, text) => {
    const template = { attributes: PER_WORKSPACE, components: [VOLUME, CONTAINER] };
    expect(read(text(devWorkspace(template)))).toEqual({ started: true, routingClass: 'basic', template });
  });

  it('takes another storage where that is asked for', () => {
    const ephemeral = devWorkspace({
      attributes: { 'controller.devfile.io/storage-type': 'ephemeral', other: 1 },
      components: [VOLUME, CONTAINER],
    });
    expect(read(ephemeral, true, 'common')).toMatchObject({
      template: { attributes: { 'controller.devfile.io/storage-type': 'common', other: 1 } },
    });
  });

  it('may be ephemeral in a load without backups', () => {
    expect(() => read(devWorkspace({ components: [CONTAINER] }), false)).not.toThrow();
    const attributes = { 'controller.devfile.io/storage-type': 'ephemeral' };
    expect(() => read(devWorkspace({ attributes, components: [CONTAINER] }), false)).not.toThrow();
  });

  it('needs no volume where all workspaces share a claim', () => {
    expect(() => read(devWorkspace({ components: [CONTAINER] }))).not.toThrow();
  });

  it('may have its containers from elsewhere', () => {
    const parent = { kubernetes: { name: 'base' } };
    expect(() => read(devWorkspace({ parent }))).not.toThrow();
    expect(() => read(devWorkspace({}, { contributions: [{ name: 'editor', uri: 'x' }] }))).not.toThrow();
  });

  const storage = (type: unknown, ...components: object[]) =>
    devWorkspace({ attributes: { 'controller.devfile.io/storage-type': type }, components });
  it.each<[string, unknown, RegExp]>([
    ['nothing', '', /dw.yaml holds 0 objects; give a file with one DevWorkspace/],
    ['two objects', 'a: 1\n---\nb: 1\n', /holds 2 objects/],
    ['no YAML', 'a: [1\n', /dw.yaml:\d is no YAML or JSON/],
    [
      'another kind',
      { apiVersion: 'v1', kind: 'Pod' },
      /holds v1, Pod; give a DevWorkspace of workspace.devfile.io\/v1alpha2/,
    ],
    ['a devfile', { schemaVersion: '2.2.0', components: [] }, /holds a devfile; .* belongs in its spec.template/],
    ['a list', '- 1', /no apiVersion, no kind/],
    [
      'another version',
      { apiVersion: 'workspace.devfile.io/v1alpha1', kind: 'DevWorkspace' },
      /v1alpha1, DevWorkspace/,
    ],
    ['no spec', { apiVersion: 'workspace.devfile.io/v1alpha2', kind: 'DevWorkspace' }, /has no spec.template/],
    ['no container', devWorkspace({ components: [VOLUME] }), /no component with a container, so nothing would start/],
    [
      'ephemeral storage',
      storage('ephemeral', VOLUME, CONTAINER),
      /its storage is ephemeral: .* --storage-type per-workspace\|common/,
    ],
    ['async storage', storage('async', VOLUME, CONTAINER), /never backs up/],
    ['unknown storage', storage('fast', VOLUME, CONTAINER), /is "fast", which the operator does not know/],
    ['storage that is no text', storage(7, VOLUME, CONTAINER), /is 7, which/],
    ['no volume', storage('per-workspace', CONTAINER), /it has no volume, so that its claim .* size 0/],
    [
      'volumes of no size',
      storage('per-workspace', { name: 'projects', volume: { size: '0' } }, CONTAINER),
      /all its volumes are of size 0/,
    ],
    [
      'ephemeral volumes',
      storage('per-workspace', { name: 'x', volume: { size: '1Gi', ephemeral: true } }, CONTAINER),
      /it has no volume/,
    ],
    [
      'an ephemeral volume for projects',
      storage('common', { name: 'projects', volume: { ephemeral: true } }, CONTAINER),
      /"projects" is ephemeral/,
    ],
    [
      'no container that mounts projects',
      storage('common', { name: 'a', container: { image: 'x', mountSources: false } }),
      /none of its containers mounts \/projects/,
    ],
    ['an endless alias', 'a: &a [*a]\nkind: x', /./],
  ])('with %s is refused', (_, object, message) => {
    expect(() => read(object)).toThrow(TemplateError);
    expect(() => read(object)).toThrow(message);
  });
});
