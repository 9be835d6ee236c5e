/** Bodies as client-go writes them, with the JSON form of the same objects. */
export const SAMPLES: readonly { kind: string; body: string; json: string }[] = [
  {
    kind: 'Event',
    body:
      'azhzAAoLCgJ2MRIFRXZlbnQSeQoVCgNlLjESABoCbnMiACoAMgA4AEIAEhQKA1BvZBICbnMaAXAiACoAMgA6ABoHU3RhcnRlZCIIZ3LDtsOf' +
      'ZXIqBQoBYxIAMggIpevcygYQADoICKXr3MoGEABAA0oGTm9ybWFsUgwIpevcygYQiOrcwwJiAHIAegAaACIA',
    json:
      '{"kind":"Event","apiVersion":"v1","metadata":{"name":"e.1","namespace":"ns"},"involvedObject":{"kind":"Pod",' +
      '"namespace":"ns","name":"p"},"reason":"Started","message":"größer","source":{"component":"c"},"firstTimestam' +
      'p":"2026-01-02T03:04:05Z","lastTimestamp":"2026-01-02T03:04:05Z","count":3,"type":"Normal","eventTime":"2026' +
      '-01-02T03:04:05.678901Z","reportingComponent":"","reportingInstance":""}',
  },
  {
    kind: 'CertificateSigningRequest',
    body:
      'azhzAAozChZjZXJ0aWZpY2F0ZXMuazhzLmlvL3YxEhlDZXJ0aWZpY2F0ZVNpZ25pbmdSZXF1ZXN0Eo4BCh4KBWNzci0xEgAaACIAKgAyATc4' +
      'AEIICKXr3MoGEAASRgoEAAEC/xIBdRoAKgtzZXJ2ZXIgYXV0aDILCgFrEgYKAWEKAWI6HWt1YmVybmV0ZXMuaW8va3ViZWxldC1zZXJ2aW5n' +
      'QAAaJAoiCghBcHByb3ZlZBIBUhoBTSIICKXr3MoGEAAqADIEVHJ1ZRoAIgA=',
    json:
      '{"kind":"CertificateSigningRequest","apiVersion":"certificates.k8s.io/v1","metadata":{"name":"csr-1","resour' +
      'ceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z"},"spec":{"request":"AAEC/w==","signerName":"kubern' +
      'etes.io/kubelet-serving","expirationSeconds":0,"usages":["server auth"],"username":"u","extra":{"k":["a","b"' +
      ']}},"status":{"conditions":[{"type":"Approved","status":"True","reason":"R","message":"M","lastUpdateTime":"' +
      '2026-01-02T03:04:05Z"}]}}',
  },
  {
    kind: 'DeleteOptions',
    body: 'azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxIVCAASBQoDdS0xIgpGb3JlZ3JvdW5kGgAiAA==',
    json:
      '{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"preconditions":{"uid":"u-1"},"propagationP' +
      'olicy":"Foreground"}',
  },
  {
    kind: 'Lease',
    body:
      'azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRI+CiYKAWwSABoCbnMiACoAMgA4AEIAahEKA1BvZBoBcCIBdSoCdjEwARIU' +
      'CgAQDyIMCKXr3MoGEIjq3MMCKAAaACIA',
    json:
      '{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"l","namespace":"ns","ownerReferenc' +
      'es":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u","controller":true}]},"spec":{"holderIdentity":"","' +
      'leaseDurationSeconds":15,"renewTime":"2026-01-02T03:04:05.678901Z","leaseTransitions":0}}',
  },
  {
    kind: 'TokenRequest',
    body: 'azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIdChAKABIAGgAiACoAMgA4AEIAEgMgkBwaBAoAEgAaACIA',
    json:
      '{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","metadata":{},"spec":{"expirationSeconds":360' +
      '0,"audiences":[]},"status":{"token":""}}',
  },
  {
    kind: 'Job',
    body:
      'azhzAAoPCghiYXRjaC92MRIDSm9iEp0CCiQKABICai0aAm5zIgAqADIAOABCAGIOCglfX3Byb3RvX18SAXgS6gEy5QEKGgoAEgAaACIAKgAy' +
      'ADgAQgBaCAoDYXBwEgF4EsYBChAKAXYSCxIJCgASBQoDNU1pEoYBCgFjEgNpOjEiAWEiAWIqADIKCgAQABhQIgAqADoTCgFFEgAaDCIKCgMK' +
      'AXMSAWsYAEIgCg0KA2NwdRIGCgQ1MDBtCg8KBm1lbW9yeRIFCgMxR2lSIQoVEhMKAi9oEgkIARAAGgN3ZWIaACIAEAAYACAHKAAwAGoAcgCA' +
      'AQCIAQCQAQCiAQAaBU5ldmVyIAAyADoGCgFhEgFiQgBKAFIAWABgAGgAggEAigEAmgEAwgEAOAAaCCAAKAAwADoAGgAiAA==',
    json:
      '{"kind":"Job","apiVersion":"batch/v1","metadata":{"generateName":"j-","namespace":"ns","annotations":{"__pro' +
      'to__":"x"}},"spec":{"backoffLimit":0,"template":{"metadata":{"labels":{"app":"x"}},"spec":{"volumes":[{"name' +
      '":"v","emptyDir":{"sizeLimit":"5Mi"}}],"containers":[{"name":"c","image":"i:1","args":["a","b"],"ports":[{"c' +
      'ontainerPort":80}],"env":[{"name":"E","valueFrom":{"secretKeyRef":{"name":"s","key":"k","optional":false}}}]' +
      ',"resources":{"limits":{"cpu":"500m","memory":"1Gi"}},"livenessProbe":{"httpGet":{"path":"/h","port":"web"},' +
      '"periodSeconds":7}}],"restartPolicy":"Never","terminationGracePeriodSeconds":0,"nodeSelector":{"a":"b"}}}},"' +
      'status":{}}',
  },
  {
    kind: 'Deployment',
    body:
      'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErcCChEKAWQSABoAIgAqADIAOABCABKTAggAEgoKCAoDYXBwEgF4GuUBChoKABIAGgAiACoA' +
      'MgA4AEIAWggKA2FwcBIBeBLGAQoQCgF2EgsSCQoAEgUKAzVNaRKGAQoBYxIDaToxIgFhIgFiKgAyCgoAEAAYUCIAKgA6EwoBRRIAGgwiCgoD' +
      'CgFzEgFrGABCIAoNCgNjcHUSBgoENTAwbQoPCgZtZW1vcnkSBQoDMUdpUiEKFRITCgIvaBIJCAEQABoDd2ViGgAiABAAGAAgBygAMABqAHIA' +
      'gAEAiAEAkAEAogEAGgVOZXZlciAAMgA6BgoBYRIBYkIASgBSAFgAYABoAIIBAIoBAJoBAMIBACIXCgASEwoJCAEQABoDMjUlEgYIABAAGgAo' +
      'ADgAGgwIABAAGAAgACgAOAAaACIA',
    json:
      '{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"d"},"spec":{"replicas":0,"selector":{"matchL' +
      'abels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},"spec":{"volumes":[{"name":"v","emptyDir":' +
      '{"sizeLimit":"5Mi"}}],"containers":[{"name":"c","image":"i:1","args":["a","b"],"ports":[{"containerPort":80}' +
      '],"env":[{"name":"E","valueFrom":{"secretKeyRef":{"name":"s","key":"k","optional":false}}}],"resources":{"li' +
      'mits":{"cpu":"500m","memory":"1Gi"}},"livenessProbe":{"httpGet":{"path":"/h","port":"web"},"periodSeconds":7' +
      '}}],"restartPolicy":"Never","terminationGracePeriodSeconds":0,"nodeSelector":{"a":"b"}}},"strategy":{"rollin' +
      'gUpdate":{"maxUnavailable":"25%","maxSurge":0}}},"status":{}}',
  },
  {
    kind: 'CustomResourceDefinition',
    body:
      'azhzAAozChdhcGlleHRlbnNpb25zLms4cy5pby92MRIYQ3VzdG9tUmVzb3VyY2VEZWZpbml0aW9uErMCChYKBnhzLmEuYhIAGgAiACoAMgA4' +
      'AEIAEowCCgNhLmIaCwoCeHMSACIBWCoAIgpOYW1lc3BhY2VkOukBCgJ2MRABGAEi3AEK2QEKABIAIgAqBm9iamVjdDIAOgBQAGAAegCQAQDq' +
      'ASwKAWkSJwoAEgAiACoAMgA6AFAAWQAAAAAAAPg/YAB6AJABAKgCALgCAMACAeoBKAoBbRIjCgASACIAKgAyADoAUABgAHoAkAEA8gECCAGo' +
      'AgC4AgDAAgDqAVgKAXMSUwoAEgAiACoFYXJyYXkyADoAUABgAHoAkAEAwgEtCisKABIAIgAqBnN0cmluZzIAOgBCBQoDInoiUABgAHoAkAEA' +
      'qAIAuAIAwAIAqAIAuAIAwAIAqAIAuAIAwAIAOABQABoKEggKABIAIgAqABoAIgA=',
    json:
      '{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1","metadata":{"name":"xs.a.b"},"spec' +
      '":{"group":"a.b","names":{"plural":"xs","kind":"X"},"scope":"Namespaced","versions":[{"name":"v1","served":t' +
      'rue,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"i":{"minimum":1.5,"x-kubernet' +
      'es-int-or-string":true},"m":{"additionalProperties":true},"s":{"type":"array","items":{"type":"string","defa' +
      'ult":"z"}}}}}}]},"status":{"acceptedNames":{"plural":"","kind":""}}}',
  },
];
