import type { MessageTable } from './message-table.ts';

export const CERTIFICATES_V1: MessageTable = {
  definitions: 'io.k8s.api.certificates.v1',
  messages: {
    CertificateSigningRequest: `
      metadata 1 meta.ObjectMeta; spec 2 CertificateSigningRequestSpec !; status 3 CertificateSigningRequestStatus`,
    CertificateSigningRequestCondition: `
      type 1 string =; reason 2; message 3; lastUpdateTime 4 Time; lastTransitionTime 5 Time; status 6 string =`,
    CertificateSigningRequestSpec: `
      request 1 bytes !; username 2; uid 3; groups 4 []string; usages 5 []string; extra 6 {}Strings;
      signerName 7 string !; expirationSeconds 8 *int32`,
    CertificateSigningRequestStatus: 'conditions 1 []CertificateSigningRequestCondition map=type; certificate 2 bytes',
  },
};
