/** Tokens of service accounts, and reviews of tokens and rights. Whoever is known may do everything. */

import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { causeInvalid, causeRequired } from '../../api/causes.ts';
import type { UserInfo } from '../../api/cluster-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Subresource } from '../../api/resource-type.ts';
import { invalid } from '../../api/status.ts';
import { at, type Fields, strings, text } from '../fields.ts';
import type { Behaviours } from './behaviour.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const DEFAULT_SECONDS = 3600;
const LEAST_SECONDS = 600;

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

const TOKEN: Subresource = {
  name: 'token',
  kind: 'TokenRequest',
  group: 'authentication.k8s.io',
  version: 'v1',
  verbs: ['create'],
  handle({ namespace, name, parent, body, context }) {
    const asked = at(body, 'spec', 'expirationSeconds');
    const seconds = typeof asked === 'number' ? asked : DEFAULT_SECONDS;
    const fault =
      seconds < LEAST_SECONDS
        ? 'may not specify a duration less than 10 minutes'
        : seconds > 2 ** 32
          ? 'may not specify a duration larger than 2^32 seconds'
          : undefined;
    if (fault) {
      const type = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
      throw invalid(type, '', [causeInvalid('spec.expirationSeconds', seconds, fault)]);
    }
    const given = strings(body, 'spec', 'audiences');
    const audiences = given.length > 0 ? given : [ISSUER];
    const uid = parent.metadata.uid ?? '';
    const issuedAt = Math.floor(context.clock.now() / 1000);
    const bound = at(body, 'spec', 'boundObjectRef');
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

function checkAttributes(review: KubeObject): void {
  const resource = at(review, 'spec', 'resourceAttributes') !== undefined;
  const path = at(review, 'spec', 'nonResourceAttributes') !== undefined;
  if (resource !== path) return;
  const type = { group: 'authorization.k8s.io', kind: '' };
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  throw invalid(type, '', [
    causeInvalid('spec.resourceAttributes', at(review, 'spec', 'resourceAttributes') ?? null, detail),
  ]);
}

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
        if (token === '') {
          throw invalid({ group: 'authentication.k8s.io', kind: 'TokenReview' }, '', [causeRequired('spec.token')]);
        }
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
        checkAttributes(review);
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
  'authorization.k8s.io/v1 SubjectAccessReview': {
    virtual: {
      create(review) {
        checkAttributes(review);
        if (!text(review, 'spec', 'user') && strings(review, 'spec', 'groups').length === 0) {
          const cause = causeInvalid('spec.user', '', 'at least one of user or group must be specified');
          throw invalid({ group: 'authorization.k8s.io', kind: review.kind }, '', [cause]);
        }
        return reviewed(review, ALLOWED);
      },
    },
  },
  'authorization.k8s.io/v1 LocalSubjectAccessReview': {
    virtual: {
      create(review, namespace) {
        checkAttributes(review);
        const asked = text(review, 'spec', 'resourceAttributes', 'namespace');
        if (asked !== namespace) {
          const cause = causeInvalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace');
          throw invalid({ group: 'authorization.k8s.io', kind: review.kind }, '', [cause]);
        }
        return reviewed(review, ALLOWED);
      },
    },
  },
  'authorization.k8s.io/v1 SelfSubjectRulesReview': {
    virtual: {
      create(review) {
        if (!text(review, 'spec', 'namespace')) {
          throw invalid({ group: 'authorization.k8s.io', kind: review.kind }, '', [causeRequired('spec.namespace')]);
        }
        return reviewed({ ...review, spec: {} }, ALL_RULES);
      },
    },
  },
};
