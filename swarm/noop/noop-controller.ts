/**
 * The stock controller of one cluster, in a lab: set up as its pod would be, started again when it fails as its Job does.
 * Upstream: kubernetes, the kubelet's back-off of 10 s, doubled up to 5 min, for restartPolicy OnFailure.
 */
import type { ClockTimer } from '../../model/time/clock.ts';
import type { TlsOptions } from '../plan/connections.ts';
import type { Runtime } from '../service/runtime.ts';
import type { TappedListener } from './connection-telemetry.ts';
import type { ControllerPod } from './controller-pod.ts';
import { trustFiles } from './host-files.ts';
import type { LabAccess } from './lab.ts';
import { CONTROLLER_NAME } from './programs.ts';
import type { SpokeAccess } from './spoke-access.ts';

export interface NoopControllerOptions {
  runtime: Runtime;
  lab: LabAccess;
  /** The service as agents reach it, and how its certificate is verified. */
  service: { url: string; tls: TlsOptions | undefined };
  /** Of the lab; no host's. */
  slot: number;
  /** Name of the cluster. */
  cluster: string;
  pod: ControllerPod;
  /** The kube-api of the cluster. */
  spoke: SpokeAccess;
  /** Which a node has behind it when it is done. */
  reboots: number;
  connection: TappedListener;
  /** It has ended well. */
  onDone: () => void;
}

const FIRST_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 300_000;
const ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';

export class NoopController {
  readonly #options: NoopControllerOptions;
  #delayMs = FIRST_DELAY_MS;
  #timer: ClockTimer | null = null;
  #stopped = false;
  #exitCode: number | null = null;

  constructor(options: NoopControllerOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#options.lab.stop(this.#options.slot);
  }

  async #run(): Promise<void> {
    const { lab, service, slot, cluster, pod, spoke, reboots, connection } = this.#options;
    this.#exitCode = null;
    try {
      const { ca } = await lab.reach(service.url, { tls: service.tls });
      const { hosts } = await lab.reach(spoke.url, { at: spoke.at });
      const { hostname, port } = new URL(spoke.url);
      if (this.#stopped) return;
      await lab.start(
        {
          slot,
          hostname: `controller-${slot}`,
          nics: [{ name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1500, addresses: [] }],
          files: [
            { path: 'etc/hosts', text: `127.0.0.1 localhost\n${hosts}` },
            { path: 'etc/resolv.conf', text: '' },
            ...trustFiles(ca),
            { path: `${ACCOUNT}/token`, text: spoke.token },
            { path: `${ACCOUNT}/ca.crt`, text: spoke.ca },
            { path: `${ACCOUNT}/namespace`, text: 'assisted-installer' },
            { path: 'etc/assisted-installer-controller/token', text: pod.token },
          ],
          names: null,
          devices: [],
          command: [CONTROLLER_NAME],
          restart: false,
          place: { cluster, host: CONTROLLER_NAME, index: null },
          environment: {
            ...pod.environment,
            KUBERNETES_SERVICE_HOST: hostname,
            KUBERNETES_SERVICE_PORT: port,
            SWARM_REBOOTS: String(reboots),
          },
        },
        {
          onEvent: ([what, ...words]) => {
            if (what === 'program-ended') this.#exitCode = Number(words[0]);
            else if (what === 'refused')
              this.#warn(`a stock controller executed what is not replaced: ${words.join(' ')}`);
          },
          onConnection: connection,
          onEnded: (message) => this.#ended(message),
        },
      );
      // It was stopped while the one before it was ending.
      if (this.#stopped) lab.stop(slot);
    } catch (error) {
      this.#ended((error as Error).message);
    }
  }

  #ended(message: string | undefined): void {
    if (this.#stopped) return;
    if (this.#exitCode === 0) {
      this.#options.onDone();
      return;
    }
    const { clock, telemetry } = this.#options.runtime;
    telemetry.error('controller-failed');
    const how = this.#exitCode === null ? (message ?? 'its lab has ended') : `exit code ${this.#exitCode}`;
    this.#warn(`a stock controller ended: ${how}`);
    this.#timer = clock.setTimer(this.#delayMs, () => void this.#run());
    this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
  }

  #warn(message: string): void {
    const { clock, emit } = this.#options.runtime;
    emit({ type: 'run.warning', time: clock.now(), message });
  }
}
