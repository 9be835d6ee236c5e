/** What a new spoke is told. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { SPOKE_FAULT_NAMES } from '../../../model/spoke/faults.ts';
import { SPOKE_PROFILES, type SpokeProfileName } from '../../../model/spoke/profiles.ts';
import type { SpokeTopology } from '../../../model/spoke/stages.ts';
import { allowedWords } from '../../../model/text/allowed-words.ts';
import { parseTopology } from './topology.ts';

const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'use up to 63 lower-case letters, digits and inner dashes');
const dnsName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'use lower-case letters, digits, inner dashes and dots',
  );

export const HOST_SETTINGS = z.strictObject({
  /** Host name, which the node gets. */
  name: dnsName,
  /** Id in the service; the system UUID of the node. */
  id: z.string().min(1).max(100).optional(),
  role: z.enum(['master', 'arbiter', 'worker']),
  /** Runs the bootstrap and joins last. */
  bootstrap: z.boolean().default(false),
  /** IP addresses, the node's own first. */
  addresses: z
    .array(z.string().refine((text) => isIP(text) !== 0, 'use an IP address without prefix length'))
    .min(1)
    .max(50),
  macAddress: z
    .string()
    .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i, 'use six hexadecimal bytes with colons')
    .optional(),
  cpuCores: z.int().min(1).max(10_000).default(8),
  memoryMiB: z.int().min(1).max(100_000_000).default(16_384),
  /** Where it stops on its way to a usable node. */
  fault: z.enum(['no-ignition', 'node-never-joins', 'node-never-ready']).optional(),
});
export type HostSettings = z.infer<typeof HOST_SETTINGS>;

const OLM_OPERATOR = z.strictObject({
  /** Package. */
  name: dnsName,
  namespace: dnsLabel,
  /** Name of the Subscription; the package's unless given. */
  subscription: dnsName.optional(),
});
export type OlmOperatorSettings = z.infer<typeof OLM_OPERATOR>;

const PROFILE_NAMES = Object.keys(SPOKE_PROFILES) as [SpokeProfileName, ...SpokeProfileName[]];

export const SPOKE_SETTINGS = z
  .strictObject({
    /** Unique in the process; part of paths. */
    name: dnsLabel,
    /** `sno`, `compact`, `3+2` or `2+1+0`; counted from the hosts unless given. */
    topology: z
      .string()
      .optional()
      .superRefine((text, context) => {
        if (text === undefined) return;
        try {
          parseTopology(text);
        } catch (error) {
          context.addIssue({ code: 'custom', message: (error as Error).message });
        }
      }),
    /** Made up from the topology unless given. */
    hosts: z.array(HOST_SETTINGS).min(1).max(2000).optional(),
    platform: z.enum(['none', 'baremetal', 'vsphere', 'nutanix', 'external']).default('none'),
    version: z
      .string()
      .regex(/^\d+\.\d+(\.\d+)?(-[\w.-]+)?$/, 'use an OpenShift version such as 4.18.3')
      .default('4.18.52'),
    olmOperators: z.array(OLM_OPERATOR).max(50).default([]),
    profile: z.enum(PROFILE_NAMES).default('typical'),
    faults: z.array(z.enum(SPOKE_FAULT_NAMES)).default([]),
    /**
     * `as-installed`: the bootstrap approves certificates of the first masters, clients those of all others;
     * `automatic`: all are approved at once.
     */
    csrApproval: z.enum(['as-installed', 'automatic']).default('as-installed'),
    /** Bearer token with all rights; random unless given. */
    token: z
      .string()
      .regex(/^[\w.~+/=-]{8,4096}$/, 'use 8 or more letters, digits and -._~+/=')
      .optional(),
    /** A port of its own; 0 takes a free one. Without it the spoke is found by path and token only. */
    port: z.int().min(0).max(65_535).optional(),
  })
  .refine((spoke) => spoke.hosts !== undefined || spoke.topology !== undefined, {
    message: 'give hosts, a topology or both',
    path: ['hosts'],
  })
  .refine((spoke) => new Set(spoke.hosts?.map((host) => host.name)).size === (spoke.hosts?.length ?? 0), {
    message: 'two hosts have the same name',
    path: ['hosts'],
  });

/** As callers write it. */
export type SpokeSettingsInput = z.input<typeof SPOKE_SETTINGS>;

/** Complete: hosts and counts are there. */
export interface SpokeSettings extends Omit<z.output<typeof SPOKE_SETTINGS>, 'hosts' | 'topology'> {
  hosts: HostSettings[];
  /** Grows with hosts that are added to the installation. */
  topology: { -readonly [Key in keyof SpokeTopology]: SpokeTopology[Key] };
}

/** A setting is wrong. The message lists every fault with its path. */
export class SpokeSettingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SpokeSettingsError';
  }
}

/** @throws SpokeSettingsError */
export function parseSettings<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input, { error: (issue) => `allowed: ${allowedWords(issue)}` });
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new SpokeSettingsError(faults.join('; '));
}

/**
 * @param ordinal of the spoke in its process, for addresses of hosts that are made up.
 * @throws SpokeSettingsError
 */
export function spokeSettings(input: unknown, ordinal: number): SpokeSettings {
  const { hosts: given, topology: text, ...rest } = parseSettings(SPOKE_SETTINGS, input);
  const counted = (role: string) => given?.filter((host) => host.role === role).length ?? 0;
  const topology = text
    ? parseTopology(text)
    : { controlPlanes: counted('master'), arbiters: counted('arbiter'), workers: counted('worker') };
  return { ...rest, topology, hosts: given ?? madeUpHosts(rest.name, topology, ordinal) };
}

function madeUpHosts(spoke: string, topology: SpokeTopology, ordinal: number): HostSettings[] {
  const roles: HostSettings['role'][] = [
    ...Array<'master'>(topology.controlPlanes).fill('master'),
    ...Array<'arbiter'>(topology.arbiters).fill('arbiter'),
    ...Array<'worker'>(topology.workers).fill('worker'),
  ];
  const seen = new Map<string, number>();
  return roles.map((role, index) => {
    const number = seen.get(role) ?? 0;
    seen.set(role, number + 1);
    // 10.0.0.0/8 gives each of 16,384 spokes 1,024 addresses.
    const address = (ordinal % 16_384) * 1024 + 10 + index;
    const bytes = [(address >> 16) & 255, (address >> 8) & 255, address & 255];
    return {
      name: `${spoke}-${role}-${number}`,
      role,
      bootstrap: role === 'master' && number === 0,
      addresses: [`10.${bytes.join('.')}`],
      macAddress: `02:10:00:${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`,
      cpuCores: role === 'worker' ? 4 : 8,
      memoryMiB: role === 'worker' ? 8192 : 16_384,
    };
  });
}
