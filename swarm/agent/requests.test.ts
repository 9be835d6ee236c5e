import { expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { goHeaders } from '../service/go-openapi.ts';
import { ModelService } from '../service/testing/model-service.ts';
import { filledRequest } from '../transport/go-http.ts';
import { agentRequests } from './requests.ts';

const transport = new ModelService(new ManualClock());
const access = { baseUrl: 'http://127.0.0.1:1', token: 'secret', pollIntervalSeconds: null };

it('are prepared once for all agents of a service, a token and a version', () => {
  const first = agentRequests(transport, access, 'agent:v1');
  expect(agentRequests(transport, { ...access, pollIntervalSeconds: 7 }, 'agent:v1')).toBe(first);
  const others = [
    agentRequests(transport, access, 'agent:v2'),
    agentRequests(transport, { ...access, token: 'other' }, 'agent:v1'),
    agentRequests(transport, { ...access, baseUrl: 'http://127.0.0.1:2' }, 'agent:v1'),
    agentRequests(new ModelService(new ManualClock()), access, 'agent:v1'),
  ];
  expect(new Set([first, ...others]).size).toBe(5);
});

it.each(['secret', ''])('say what a generated client says, with token "%s"', (token) => {
  const requests = agentRequests(transport, { ...access, token }, 'agent:v1');
  const fields = { agentVersion: 'agent:v1', requestId: 'id', secretKey: token };
  const path = '/api/assisted-install/v2/infra-envs/i/hosts';
  const json = { ...fields, contentType: 'application/json' };
  expect(filledRequest({ prepared: requests.register, values: ['i', 'id'], body: '{}' })).toEqual({
    method: 'POST',
    path,
    headers: goHeaders(json),
    body: '{}',
  });
  expect(filledRequest({ prepared: requests.poll, values: ['i', 'h', '17', 'id'] })).toEqual({
    method: 'GET',
    path: `${path}/h/instructions?timestamp=17`,
    headers: goHeaders(fields),
  });
  expect(filledRequest({ prepared: requests.reply, values: ['i', 'h', 'id'], body: '{}' })).toEqual({
    method: 'POST',
    path: `${path}/h/instructions`,
    headers: goHeaders(json),
    body: '{}',
  });
});
