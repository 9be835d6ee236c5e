import { describe, expect, it } from 'vitest';
import { FINALIZING_STAGES, HOST_STAGES, STEP_TYPES } from '../../model/protocol/states.ts';
import { type ApiDocument, compareWithDocument, parseApiDocument } from './api-document.ts';
import { recordTraffic } from './testing/traffic.ts';

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const body = (name: string) => ({ parameters: [{ in: 'path' }, { in: 'body', schema: ref(name) }] });
const text = {};

/** As much of the real one as the recorded hosts need. */
const DOCUMENT: ApiDocument = {
  swagger: '2.0',
  paths: {
    '/v2/infra-envs/{infra_env_id}/hosts': { post: body('host-create-params') },
    '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/instructions': { get: {}, post: body('step-reply') },
    '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/progress': { put: body('host-progress') },
    '/v2/clusters/{cluster_id}/hosts': { get: {} },
    '/v2/clusters/{cluster_id}/progress': { put: body('finalizing-progress') },
  },
  definitions: {
    'step-type': { enum: [...STEP_TYPES, 'execute', 'next-step-runner'] },
    'host-stage': { enum: [...HOST_STAGES] },
    'finalizing-stage': { enum: [...FINALIZING_STAGES] },
    'host-create-params': { allOf: [{ properties: { host_id: text } }, { properties: { labels: text } }] },
    'step-reply': { properties: { step_type: ref('step-type'), output: text } },
    'host-progress': { properties: { current_stage: ref('host-stage'), progress_info: text } },
    'finalizing-progress': { properties: { finalizing_stage: ref('finalizing-stage') } },
    inventory: { properties: { hostname: text, disks: { items: ref('disk') } } },
    disk: { properties: { name: text, size_bytes: text } },
  },
};

const differences = (change: (document: ApiDocument) => void) => {
  const document = structuredClone(DOCUMENT);
  change(document);
  return compareWithDocument(document, recordTraffic('native'));
};

describe("the service's document", () => {
  it('has everything that native agents know and send', () => {
    expect(differences(() => {})).toEqual([]);
  });

  it('may have step types and stages that they do not know, or lack some that they do', () => {
    const found = differences(({ definitions }) => {
      definitions['step-type']!.enum!.push('measure-twice');
      definitions['host-stage']!.enum = definitions['host-stage']!.enum!.filter((stage) => stage !== 'Joined');
      definitions['finalizing-stage']!.enum!.push('Resting');
    });
    expect(found).toEqual([
      { kind: 'step type', names: ['measure-twice'], of: 'step-type', missing: 'in native agents' },
      { kind: 'stage', names: ['Joined'], of: 'host-stage', missing: 'in the document' },
      { kind: 'stage', names: ['Resting'], of: 'finalizing-stage', missing: 'in native agents' },
    ]);
  });

  it('may lack fields that they send, in bodies and in outputs of steps, and operations', () => {
    const found = differences(({ definitions, paths }) => {
      definitions['host-create-params'] = { properties: { labels: text } };
      definitions.disk = { properties: { name: text } };
      delete paths['/v2/clusters/{cluster_id}/progress'];
    });
    expect(found).toEqual([
      { kind: 'field', names: ['host_id'], of: 'register-host', missing: 'in the document' },
      {
        kind: 'field',
        names: ['output.disks[].size_bytes'],
        of: 'post-step-reply inventory',
        missing: 'in the document',
      },
      {
        kind: 'operation',
        names: ['cluster-progress'],
        of: '/v2/clusters/{cluster_id}/progress',
        missing: 'in the document',
      },
    ]);
  });

  it('allows any field where it says so', () => {
    expect(
      differences(({ definitions }) => {
        definitions.disk = { additionalProperties: true };
        definitions['host-progress'] = { additionalProperties: text };
      }),
    ).toEqual([]);
  });

  it('is refused when it is of another kind', () => {
    expect(() => parseApiDocument('<html>')).toThrow('it is not valid JSON');
    expect(() => parseApiDocument('{"openapi":"3.0.0","paths":{}}')).toThrow('it is not a Swagger 2.0 document');
    expect(() => parseApiDocument('null')).toThrow(RangeError);
    expect(parseApiDocument(JSON.stringify(DOCUMENT))).toEqual(DOCUMENT);
  });
});
