import type { MessageTable } from './message-table.ts';

export const AUTHENTICATION_V1: MessageTable = {
  definitions: 'io.k8s.api.authentication.v1',
  messages: {
    BoundObjectReference: 'kind 1; apiVersion 2; name 3; uid 4',
    SelfSubjectReview: 'metadata 1 meta.ObjectMeta; status 2 SelfSubjectReviewStatus',
    SelfSubjectReviewStatus: 'userInfo 1 UserInfo',
    TokenRequest: 'metadata 1 meta.ObjectMeta; spec 2 TokenRequestSpec !; status 3 TokenRequestStatus',
    TokenRequestSpec: 'audiences 1 []string !; boundObjectRef 3 *BoundObjectReference; expirationSeconds 4 *int64',
    TokenRequestStatus: 'token 1 string =; expirationTimestamp 2 Time',
    TokenReview: 'metadata 1 meta.ObjectMeta; spec 2 TokenReviewSpec !; status 3 TokenReviewStatus',
    TokenReviewSpec: 'token 1; audiences 2 []string',
    TokenReviewStatus: 'authenticated 1 bool; user 2 UserInfo; error 3; audiences 4 []string',
    UserInfo: 'username 1; uid 2; groups 3 []string; extra 4 {}Strings',
  },
};
