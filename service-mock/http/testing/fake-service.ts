/**
 * Operations that say yes, for tests of the HTTP surface: every method records its call and returns something of the right
 * type, unless a test says otherwise.
 */
import type { AssistedServiceApi, Json } from '../../service-api.ts';

type MethodName = keyof AssistedServiceApi;

export interface RecordedCall {
  method: MethodName;
  args: unknown[];
}

export interface FakeService {
  api: AssistedServiceApi;
  calls: RecordedCall[];
  /** Replaces a method, for one test. */
  when<M extends MethodName>(method: M, implementation: AssistedServiceApi[M]): void;
}

/** Methods that return something else than an object that names them. */
const RESULTS: Partial<Record<MethodName, (...args: never[]) => unknown>> = {
  healthy: () => true,
  listEvents: () => ({
    events: [{ name: 'host_registration_succeeded' }],
    total: 7,
    severities: { info: 4, warning: 2, error: 1, critical: 0 },
  }),
  getInstallConfig: () => 'apiVersion: v1\n',
  getInfraEnv: () => ({ id: 'infra-env', updated_at: '2026-01-02T03:04:05.678Z' }),
  getHost: () => ({ id: 'host', role: 'worker' }),
  supportedOperators: () => ['lso'],
  downloadInfraEnvFile: (id: string, name: string) => ({
    name: `${id}-${name}`,
    content: Buffer.from('content of downloadInfraEnvFile'),
  }),
};

export function fakeService(): FakeService {
  const calls: RecordedCall[] = [];
  const replaced = new Map<string, (...args: never[]) => unknown>();
  const api = new Proxy({} as AssistedServiceApi, {
    get:
      (_target, name: MethodName) =>
      (...args: never[]) => {
        calls.push({ method: name, args: structuredClone(args) });
        const implementation = replaced.get(name) ?? RESULTS[name];
        if (implementation !== undefined) return implementation(...args);
        if (name.startsWith('list')) return [{ by: name }] satisfies Json;
        if (name.startsWith('download')) return Buffer.from(`content of ${name}`);
        return { by: name };
      },
  });
  return {
    api,
    calls,
    when: (method, implementation) => {
      replaced.set(method, implementation as (...args: never[]) => unknown);
    },
  };
}
