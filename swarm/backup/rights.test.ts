import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { REGISTRY_NAMESPACE } from './backup-resources.ts';
import { rightsOf } from './rights.ts';
import { optionsOf } from './testing/backup-bench.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

const OPERATOR = 'openshift-operators';

/** The rights of the page, each as `verb group/resource`, and after it the namespace where it is not for all. */
function documentedRights(): Set<string> {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'backup.md'), 'utf8');
  const [, yaml] = /## Rights[\s\S]*?```yaml\n([\s\S]*?)```/.exec(page)!;
  const roles = parseAllDocuments(yaml!).map(
    (one) => one.toJS() as { metadata: { namespace?: string }; rules: Rule[] },
  );
  return new Set(
    roles.flatMap(({ metadata: { namespace }, rules }) =>
      rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => rightText(verb, group, resource, namespace))),
        ),
      ),
    ),
  );
}

const rightText = (verb: string, group: string, resource: string, namespace = '') =>
  `${verb} ${group}/${resource}${namespace && ` in ${namespace}`}`;

/** What a run of everything asks for before it begins. */
function askedRights(backup: Parameters<typeof optionsOf>[1]): string[] {
  const options = optionsOf(5, backup, { automountPairs: 1 });
  return rightsOf(options, OPERATOR).flatMap(({ resource: { group, plural }, verbs, namespace, subresource }) =>
    verbs.map((verb) => rightText(verb, group, subresource ? `${plural}/${subresource}` : plural, namespace)),
  );
}

it('asks for the rights that its page names, and for no others', () => {
  const everything = {
    registrySecret: 'quay-push-secret',
    restore: { mode: 'in-place', sample: { count: 1 }, seed: null, cases: ['wrong-credentials'] },
  } as const;
  const asked = new Set(askedRights(everything));
  // Those of a secret are asked for once it is known what there is to do (registry-secret.ts, rightsOfSecret); of the operator and
  // the usage it is learnt by the request itself, and of copies of a secret when they are taken away.
  const later = [
    rightText('delete', '', 'secrets'),
    ...['create', 'patch', 'delete'].map((verb) => rightText(verb, '', 'secrets', OPERATOR)),
    rightText('list', 'apps', 'deployments'),
    rightText('list', 'metrics.k8s.io', 'pods'),
  ];
  expect(documentedRights()).toEqual(new Set([...asked, ...later]));
});

it('asks for what only the registry of an OpenShift cluster needs where it is used', () => {
  const right = rightText('get', 'route.openshift.io', 'routes', REGISTRY_NAMESPACE);
  expect(askedRights({ configType: 'openshift-internal' })).toContain(right);
  expect(askedRights({ configType: 'correct' })).not.toContain(right);
});
