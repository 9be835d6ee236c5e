/**
 * What `default-ingress-cert` of a spoke holds: a self-signed certificate authority that signs nothing (its key was never
 * kept), valid for a century. The service parses it and merges it into the kubeconfig (openshift/assisted-service,
 * internal/bminventory/inventory.go, V2UploadClusterIngressCertInternal).
 */
export const INGRESS_CA_BUNDLE = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIBATAKBggqhkjOPQQDAjAmMSQwIgYDVQQDDBtpbmdyZXNz
LW9wZXJhdG9yQDE3MzU2ODk2MDAwIBcNMjUwMTAxMDAwMDAwWhgPMjEyNTAxMDEw
MDAwMDBaMCYxJDAiBgNVBAMMG2luZ3Jlc3Mtb3BlcmF0b3JAMTczNTY4OTYwMDBZ
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABGuurSxI+eEHF8Crs5SXVxocu7vObyRN
uCUvSimZ6N3LGguaEMZ8bKhDgi+n9ZSKROxEAgo4akjplIRqpJTJqA6jQjBAMA8G
A1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgKkMB0GA1UdDgQWBBS1I2lxSKzF
P+5wt5XjcstUmCZnWzAKBggqhkjOPQQDAgNIADBFAiAK02zpyGauXWPDNoWdp+sn
37EvwqkIff2s6kAZWtQGVwIhAMDgcBg2S9pmynLacQSZqh2TuBI31/ZQ9MCwI1GC
zVX8
-----END CERTIFICATE-----
`;
