/** Support for tests: a lab that only remembers what it was asked. */
import type { HostListener, LabAccess, Way } from '../../noop/lab.ts';
import type { HostFile, HostStart } from '../../noop/lab-protocol.ts';

/** How its hosts reach kube-apis. */
export const SPOKE = {
  url: 'https://spokes.test:7443',
  at: { host: '127.0.0.1', port: 7443 },
  token: 'token',
  ca: 'PEM',
};
/** As the installer of a bootstrap writes them. */
export const MANIFESTS = [
  'kind: ConfigMap\nmetadata: {name: config}\ndata: {cluster-id: C, inventory-url: http://s}\n',
  'kind: Secret\nmetadata: {name: secret}\nstringData: {pull-secret-token: hush}\n',
  `kind: Job
spec:
  template:
    spec:
      containers:
        - env:
            - {name: CLUSTER_ID, valueFrom: {configMapKeyRef: {name: config, key: cluster-id}}}
            - {name: INVENTORY_URL, valueFrom: {configMapKeyRef: {name: config, key: inventory-url}}}
            - {name: CA_CERT_PATH, valueFrom: {configMapKeyRef: {name: config, key: absent}}}
            - {name: OPENSHIFT_VERSION, value: "4.20"}
`,
];

export class RememberingLab implements LabAccess {
  readonly started = new Map<number, { host: HostStart; listener: HostListener }>();
  readonly stopped: number[] = [];
  readonly killed: number[] = [];
  readonly appended: (HostFile & { slot: number })[] = [];
  /** How each URL is to be reached. */
  readonly ways = new Map<string, Way>();
  refusal: Error | null = null;
  /** What whoever asks for a way waits for. */
  held: Promise<void> | null = null;

  async reach(url: string, way: Way = {}) {
    this.ways.set(url, way);
    await this.held;
    if (this.refusal) throw this.refusal;
    return { url: `${url}/`, hosts: `198.18.0.1 ${new URL(url).hostname}\n`, ca: 'PEM of the lab' };
  }

  start(host: HostStart, listener: HostListener): Promise<void> {
    this.started.set(host.slot, { host, listener });
    return Promise.resolve();
  }

  append(slot: number, { path, text }: HostFile): void {
    this.appended.push({ slot, path, text });
  }

  kill(slot: number): void {
    this.killed.push(slot);
  }

  stop(slot: number): void {
    this.stopped.push(slot);
  }

  /** A replaced command tells something. */
  tell(slot: number, words: string, files: string[] = []): void {
    this.started.get(slot)!.listener.onEvent(words.split(' '), files);
  }

  file(slot: number, path: string): string | undefined {
    return this.started.get(slot)!.host.files.find((one) => one.path === path)?.text;
  }
}
