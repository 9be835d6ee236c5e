/** The metrics of a hub, with the credentials of its kubeconfig. */
import type { KubeConfig } from '@kubernetes/client-node';
import { KubeConnections } from '../../model/kube/kube-connections.ts';
import { redactUrl } from '../plan/redact.ts';
import { getText } from './http-text.ts';
import type { MetricsSource } from './metrics-collector.ts';

export class HubSource implements MetricsSource {
  readonly #server: string;
  readonly #connections: KubeConnections;
  #hasAnswered = false;

  constructor(kubeconfig: KubeConfig) {
    this.#server = kubeconfig.getCurrentCluster()!.server.replace(/\/+$/, '');
    this.#connections = new KubeConnections(kubeconfig, 1);
  }

  get target(): string {
    return redactUrl(`${this.#server}/metrics`);
  }

  async get(signal: AbortSignal): Promise<string> {
    const { requests, headers } = await this.#connections.access('GET /metrics');
    const text = await getText(`${this.#server}/metrics`, requests, signal, headers, this.#hasAnswered);
    this.#hasAnswered = true;
    return text;
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }
}
