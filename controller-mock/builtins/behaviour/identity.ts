/** Tokens of service accounts, and reviews of tokens and rights. Whoever is known may do everything. */

import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { causeInvalid } from '../../api/causes.ts';
import type { UserInfo } from '../../api/cluster-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Subresource, SubresourceRequest } from '../../api/resource-type.ts';
import { badRequest, conflict, invalid, notFound } from '../../api/status.ts';
import { decodingFault } from '../../schema/go-decoding.ts';
import { at, type Fields, strings, text } from '../fields.ts';
import { messageOfKind } from '../messages/index.ts';
import { schemaOfKind } from '../schema.ts';
import { TOKEN_REQUEST_RULES } from '../validation/access.ts';
import { RuleSet } from '../validation/rule.ts';
import type { Behaviours } from './behaviour.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const DEFAULT_SECONDS = 3600;

let key: KeyObject | undefined;

const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

function signedToken(claims: Fields): string {
  key ??= generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const content = `${encoded({ alg: 'ES256', kid: 'controller-mock' })}.${encoded(claims)}`;
  const signature = sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
}

/** The user that a service account is. */
function userOf(namespace: string, name: string, uid: string): UserInfo {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

const TOKEN_RULES = new RuleSet(TOKEN_REQUEST_RULES);
const TOKEN_SCHEMA = schemaOfKind(messageOfKind('authentication.k8s.io/v1', 'TokenRequest')!);
const TOKEN_KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' };

/** kubernetes, pkg/registry/core/serviceaccount/storage/token.go TokenREST.Create. @throws ApiStatusError 400, 422 */
function checkTokenRequest(
  body: KubeObject | undefined,
  { namespace, name, context }: Pick<SubresourceRequest, 'namespace' | 'name' | 'context'>,
): void {
  const fault = body && decodingFault(body, TOKEN_SCHEMA);
  if (fault !== undefined) {
    throw badRequest(`TokenRequest in version "v1" cannot be handled as a TokenRequest: ${fault}`);
  }
  const sentNamespace = text(body, 'metadata', 'namespace');
  if (sentNamespace !== '' && sentNamespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const sentName = text(body, 'metadata', 'name');
  if (sentName !== '' && sentName !== name) {
    const detail = 'must match the service account name if specified';
    throw invalid(TOKEN_KIND, name, [causeInvalid('metadata.name', sentName, detail)]);
  }
  const causes = body ? TOKEN_RULES.faults(body, undefined, context) : [];
  if (causes.length > 0) throw invalid(TOKEN_KIND, '', causes);
}

/** Plurals of what a token may end with, and whether it has a namespace. */
const BOUND: Readonly<Record<string, readonly [resource: string, namespaced: boolean]>> = {
  Pod: ['pods', true],
  Node: ['nodes', false],
  Secret: ['secrets', true],
};

/** What a token is bound to must be there. @throws ApiStatusError 400, 404, 409 */
function checkBound(bound: unknown, { namespace, name, context }: SubresourceRequest): void {
  if (bound === undefined) return;
  const [kind, apiVersion, wanted, uid] = ['kind', 'apiVersion', 'name', 'uid'].map((field) => text(bound, field)) as [
    string,
    string,
    string,
    string,
  ];
  const [resource, namespaced] = (apiVersion === 'v1' && BOUND[kind]) || [];
  if (resource === undefined) {
    const type = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
    throw badRequest(`cannot bind token to object of type ${type}, Kind=${kind}`);
  }
  const found = context.cluster.get({ group: '', resource }, namespaced ? namespace : '', wanted);
  if (!found) throw notFound({ group: '', plural: resource }, wanted);
  if (kind === 'Pod' && text(found, 'spec', 'serviceAccountName') !== name) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(name)} to pod running with different serviceaccount name.`,
    );
  }
  if (uid === '' || uid === found.metadata.uid) return;
  const detail = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  throw conflict({ group: '', plural: kind }, wanted, detail);
}

const TOKEN: Subresource = {
  name: 'token',
  kind: 'TokenRequest',
  group: 'authentication.k8s.io',
  version: 'v1',
  verbs: ['create'],
  handle(request) {
    const { namespace, name, parent, body, context } = request;
    const asked = at(body, 'spec', 'expirationSeconds');
    const seconds = typeof asked === 'number' ? asked : DEFAULT_SECONDS;
    checkTokenRequest(body, { namespace, name, context });
    const given = strings(body, 'spec', 'audiences');
    const audiences = given.length > 0 ? given : [ISSUER];
    const uid = parent.metadata.uid ?? '';
    const issuedAt = Math.floor(context.clock.now() / 1000);
    const bound = at(body, 'spec', 'boundObjectRef');
    checkBound(bound, request);
    const boundKind = text(bound, 'kind').toLowerCase();
    const token = signedToken({
      aud: audiences,
      exp: issuedAt + seconds,
      iat: issuedAt,
      iss: ISSUER,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        ...(boundKind && { [boundKind]: { name: text(bound, 'name'), uid: text(bound, 'uid') } }),
        serviceaccount: { name, uid },
      },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${name}`,
    });
    const expiresMs = (issuedAt + seconds) * 1000;
    if (!context.dryRun) context.cluster.tokens.add(token, userOf(namespace, name, uid), expiresMs);
    const object: KubeObject = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: rfc3339(context.clock.now()) },
      spec: { audiences, expirationSeconds: seconds, boundObjectRef: bound ?? null },
      status: { token, expirationTimestamp: rfc3339(expiresMs) },
    };
    return { code: 201, object };
  },
};

const userInfo = ({ username, uid, groups }: UserInfo) => ({ username, ...(uid && { uid }), groups });

/** Echoes the review with its answer. */
const reviewed = (review: KubeObject, status: Fields): KubeObject => ({ ...review, status });

const ALLOWED = { allowed: true };

const ALL_RULES = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

export const IDENTITY_BEHAVIOUR: Behaviours = {
  'v1 ServiceAccount': { subresources: [TOKEN] },
  'authentication.k8s.io/v1 SelfSubjectReview': {
    virtual: {
      create: (review, _namespace, { user }) => reviewed(review, { userInfo: userInfo(user) }),
    },
  },
  'authentication.k8s.io/v1 TokenReview': {
    virtual: {
      create(review, _namespace, { cluster }) {
        const token = text(review, 'spec', 'token');
        if (token === '') throw badRequest('token is required for TokenReview in authentication');
        const user = cluster.tokens.find(token);
        const audiences = strings(review, 'spec', 'audiences');
        if (!user) return reviewed(review, { user: {}, error: 'invalid bearer token' });
        const granted = audiences.length > 0 ? audiences : [ISSUER];
        return reviewed(review, { authenticated: true, user: userInfo(user), audiences: granted });
      },
    },
  },
  'authorization.k8s.io/v1 SelfSubjectAccessReview': {
    virtual: {
      create(review, _namespace, { cluster }) {
        const attributes = at(review, 'spec', 'resourceAttributes');
        const { authorizer } = cluster;
        if (!attributes || !authorizer) return reviewed(review, ALLOWED);
        const subresource = text(attributes, 'subresource');
        const allowed = authorizer({
          verb: text(attributes, 'verb'),
          group: text(attributes, 'group'),
          resource: `${text(attributes, 'resource')}${subresource && `/${subresource}`}`,
          namespace: text(attributes, 'namespace'),
        });
        return reviewed(review, { allowed });
      },
    },
  },
  'authorization.k8s.io/v1 SubjectAccessReview': { virtual: { create: (review) => reviewed(review, ALLOWED) } },
  'authorization.k8s.io/v1 LocalSubjectAccessReview': { virtual: { create: (review) => reviewed(review, ALLOWED) } },
  'authorization.k8s.io/v1 SelfSubjectRulesReview': {
    virtual: {
      create(review) {
        if (!text(review, 'spec', 'namespace')) throw badRequest('no namespace on request');
        return reviewed({ ...review, spec: {} }, ALL_RULES);
      },
    },
  },
};
