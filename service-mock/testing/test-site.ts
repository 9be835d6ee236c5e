/** Support for tests: a service on a clock moved by hand, with machines that answer every step as healthy ones do. */
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { type Core, createCore } from '../core/core.ts';
import { defaultSettings } from '../core/settings.ts';
import { serviceOf } from '../service.ts';
import type { AssistedServiceApi, JsonObject, ServiceMetrics, ServiceSettings } from '../service-api.ts';

export const PULL_SECRET =
  '{"auths":{"cloud.openshift.com":{"auth":"dTpw","email":"a@b.c"},"quay.io":{"auth":"dTpw"}}}';
export const AGENT = defaultSettings().AGENT_DOCKER_IMAGE;
/** A self-signed certificate of nobody. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfDCCASGgAwIBAgIUa06Pqz4zXfZUgtwubggVzG6pqLcwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHaW5ncmVzczAgFw0yNjExMjEyMjU5NDhaGA8yMTI2MTAyODIy
NTk0OFowEjEQMA4GA1UEAwwHaW5ncmVzczBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABANVkoidFx0O8zx08aAAszQr8bcq6ZFSMVN4xfgrgAsGr1ZD4RQ/R5eKnl0f
2PSzI1cFYK0steLKjduwUJWc8kOjUzBRMB0GA1UdDgQWBBRDWUkQzW3ADZruAq8u
gsv2cDZwZTAfBgNVHSMEGDAWgBRDWUkQzW3ADZruAq8ugsv2cDZwZTAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDDoh2UU1AAV8bFqf7CgSmamQ7H
WeKV7rfKqV81p5DaAQIhAMOVQA52QhTXkyq/nb4u9IWsCqkIgnQLYu4ShiMjg8t1
-----END CERTIFICATE-----
`;

export interface Step {
  step_type: string;
  step_id: string;
  args: string[];
}

type Answer = (step: Step, host: Machine) => unknown;

export interface Machine {
  readonly id: string;
  readonly infraEnvId: string;
  readonly index: number;
  readonly network: string;
  /** Changes of the inventory that the machine reports. */
  inventory: (document: JsonObject) => void;
  /** Own answers by step type; undefined = no reply. */
  readonly answers: Record<string, Answer>;
}

const noop = () => {};
export const silentMetrics: ServiceMetrics = {
  clusterCreated: noop,
  installationStarted: noop,
  installationFinished: noop,
  hostPhase: noop,
  hostsFinished: noop,
  operation: noop,
  monitoredHost: noop,
  monitoredCluster: noop,
  imagePull: noop,
  diskSyncDuration: noop,
  hostValidationLost: noop,
  clusterValidationLost: noop,
};

export function inventoryOf(index: number, network: string): JsonObject {
  const serial = String(index).padStart(4, '0');
  return {
    hostname: `node-${index}`,
    bmc_address: '0.0.0.0',
    boot: { current_boot_mode: 'uefi' },
    cpu: { architecture: 'x86_64', count: 8, frequency: 2500, model_name: 'Sim CPU', flags: ['vmx'] },
    disks: [
      {
        id: `/dev/disk/by-id/wwn-0x50000000000${serial}`,
        drive_type: 'SSD',
        name: 'sda',
        path: '/dev/sda',
        size_bytes: 137438953472,
        serial,
        bootable: true,
        installation_eligibility: { eligible: true, not_eligible_reasons: [] },
      },
    ],
    interfaces: [
      {
        name: 'eth0',
        mac_address: `52:54:00:00:00:${(index % 256).toString(16).padStart(2, '0')}`,
        ipv4_addresses: [`${network}.${10 + index}/24`],
        ipv6_addresses: [],
        type: 'physical',
      },
    ],
    memory: { physical_bytes: 34359738368, usable_bytes: 33822867456, physical_bytes_method: 'dmidecode' },
    routes: [{ interface: 'eth0', gateway: `${network}.1`, destination: '0.0.0.0', family: 2, metric: 100 }],
    system_vendor: { manufacturer: 'Sim', product_name: 'SimServer', serial_number: serial },
    tpm_version: '2.0',
  };
}

/** What healthy machines answer, by type of step. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  inventory: (_step, host) => {
    const document = inventoryOf(host.index, host.network);
    host.inventory(document);
    return document;
  },
  'ntp-synchronizer': () => ({ ntp_sources: [{ source_name: '10.0.0.1', source_state: 'synced' }] }),
  'domain-resolution': (step) => ({
    resolutions: (JSON.parse(step.args[0] as string) as { domains: { domain_name: string }[] }).domains.map(
      ({ domain_name }) => ({
        domain_name,
        ipv4_addresses: domain_name.startsWith('validateNoWildcardDNS') ? [] : ['10.1.2.3'],
        ipv6_addresses: [],
        cnames: [],
      }),
    ),
  }),
  'free-network-addresses': (step, host) =>
    (JSON.parse(step.args[0] as string) as string[]).map((network) => ({
      network,
      free_addresses: [`${host.network}.100`, `${host.network}.101`],
    })),
  'verify-vips': (step) =>
    (JSON.parse(step.args[0] as string) as JsonObject[]).map((vip) => ({ ...vip, verification: 'succeeded' })),
  'connectivity-check': (step) => ({
    remote_hosts: (
      JSON.parse(step.args[0] as string) as {
        host_id: string;
        nics: { name: string; mac: string; ip_addresses: string[] | null }[];
      }[]
    ).map(({ host_id, nics }) => {
      const addresses = nics.flatMap((nic) => (nic.ip_addresses ?? []).map((ip) => ({ ip, mac: nic.mac })));
      return {
        host_id,
        l2_connectivity: addresses.map(({ ip, mac }) => ({
          outgoing_nic: 'eth0',
          remote_ip_address: ip,
          remote_mac: mac,
          successful: true,
        })),
        l3_connectivity: addresses.map(({ ip }) => ({
          outgoing_nic: 'eth0',
          remote_ip_address: ip,
          successful: true,
          average_rtt_ms: 0.3,
          packet_loss_percentage: 0,
        })),
        mtu_report: addresses.map(({ ip }) => ({ outgoing_nic: 'eth0', remote_ip_address: ip, mtu_successful: true })),
      };
    }),
  }),
  'installation-disk-speed-check': (step) => ({
    path: (JSON.parse(step.args[0] as string) as { path: string }).path,
    io_sync_duration: 5,
  }),
  'container-image-availability': (step) => ({
    images: (JSON.parse(step.args[0] as string) as { images: string[] }).images.map((name) => ({
      name,
      result: 'success',
      size_bytes: 333000000,
      time: 3.1,
      download_rate: 107.4,
    })),
  }),
  'api-vip-connectivity-check': () => ({ is_success: true, url: 'http://x', ignition: '{}' }),
};

export class Site {
  readonly clock = new ManualClock();
  readonly settings: ServiceSettings;
  readonly core: Core;
  readonly service: AssistedServiceApi;
  readonly machines: Machine[] = [];
  #ids = 0;

  constructor(settings: Partial<ServiceSettings> = {}, metrics: Partial<ServiceMetrics> = {}) {
    this.settings = { ...defaultSettings(), ...settings };
    this.core = createCore({
      clock: this.clock,
      settings: this.settings,
      metrics: { ...silentMetrics, ...metrics },
      uuid: () => this.id(),
    });
    this.service = serviceOf(this.core);
    this.service.start();
  }

  id(): string {
    this.#ids++;
    return `${this.#ids.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
  }

  cluster(body: JsonObject = {}): string {
    const made = this.service.registerCluster({
      name: 'test',
      openshift_version: '4.18',
      base_dns_domain: 'example.com',
      pull_secret: PULL_SECRET,
      ...body,
    });
    return made.id as string;
  }

  infraEnv(clusterId?: string): string {
    return this.service.registerInfraEnv({
      name: 'env',
      pull_secret: PULL_SECRET,
      ...(clusterId ? { cluster_id: clusterId } : {}),
    }).id as string;
  }

  machine(infraEnvId: string, network = '192.168.10'): Machine {
    const machine: Machine = {
      id: this.id(),
      infraEnvId,
      index: this.machines.length + 1,
      network,
      inventory: noop,
      answers: {},
    };
    this.machines.push(machine);
    this.register(machine);
    return machine;
  }

  register(machine: Machine): JsonObject {
    return this.service.registerHost(
      machine.infraEnvId,
      { host_id: machine.id, discovery_agent_version: AGENT },
      AGENT,
    );
  }

  instructions(machine: Machine): { steps: Step[]; next_instruction_seconds?: number; post_step_action: string } {
    const seconds = Math.floor(this.clock.now() / 1000);
    const answer = this.service.getInstructions(machine.infraEnvId, machine.id, seconds, AGENT);
    return { ...(answer as { post_step_action: string }), steps: (answer.instructions ?? []) as unknown as Step[] };
  }

  reply(machine: Machine, step_type: string, output: unknown, exit_code = 0, error = ''): void {
    const text = typeof output === 'string' ? output : JSON.stringify(output);
    this.service.postStepReply(machine.infraEnvId, machine.id, {
      step_type,
      step_id: `${step_type}-1`,
      exit_code,
      output: text,
      error,
    });
  }

  /** Polls and answers. */
  poll(machine: Machine): void {
    for (const step of this.instructions(machine).steps) {
      const answer = machine.answers[step.step_type] ?? ANSWERS[step.step_type];
      const output = answer?.(step, machine);
      if (output !== undefined) this.reply(machine, step.step_type, output);
    }
  }

  /** Moves time in half minutes; all machines poll in each. */
  async live(minutes: number, machines: readonly Machine[] = this.machines): Promise<void> {
    for (let half = 0; half < minutes * 2; half++) {
      for (const machine of machines) this.poll(machine);
      await this.clock.advance(30_000);
    }
  }

  progress(machine: Machine, stage: string, info = ''): void {
    this.service.updateHostProgress(machine.infraEnvId, machine.id, { current_stage: stage, progress_info: info });
  }

  host(machine: Machine): JsonObject {
    return this.service.getHost(machine.infraEnvId, machine.id);
  }

  status(machine: Machine): string {
    return this.host(machine).status as string;
  }

  clusterStatus(id: string): string {
    return this.service.getCluster(id, { excludeHosts: true }).status as string;
  }

  /** Status and message of a host's validation. */
  validation(machine: Machine, id: string): { status: string; message: string } | undefined {
    return find(this.host(machine).validations_info, id);
  }

  clusterValidation(clusterId: string, id: string): { status: string; message: string } | undefined {
    return find(this.service.getCluster(clusterId, { excludeHosts: true }).validations_info, id);
  }
}

function find(text: unknown, id: string): { status: string; message: string } | undefined {
  const map = JSON.parse((text as string | undefined) || '{}') as Record<
    string,
    { id: string; status: string; message: string }[]
  >;
  return Object.values(map)
    .flat()
    .find((result) => result.id === id);
}
