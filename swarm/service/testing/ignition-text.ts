/** Discovery ignitions for tests, with what the service's versions and its users' overrides vary. */

export const INFRA_ENV = '9a3c1f5e-7b42-4d3a-9f51-0c6de1f2a3b4';
export const AGENT_IMAGE = 'registry.example.com/assisted/agent@sha256:0f';

export interface IgnitionParts {
  /** Command of the unit behind `/usr/local/bin/agent`. */
  arguments?: string;
  /** Further lines of the section Service. */
  service?: readonly string[];
  files?: readonly { path: string; contents?: unknown; mode?: number }[];
  units?: readonly unknown[];
  dropins?: readonly { name: string; contents: string }[];
}

export const AGENT_ARGUMENTS = `--url https://assisted.example.com --infra-env-id ${INFRA_ENV} --agent-version ${AGENT_IMAGE} --insecure=false`;

/** A unit that starts the agent. */
export function agentUnit(parts: IgnitionParts = {}): string {
  return [
    '[Service]',
    'Restart=always',
    ...(parts.service ?? []),
    'ExecStartPre=/usr/local/bin/agent-pull-image image',
    `ExecStart=/usr/local/bin/agent ${parts.arguments ?? AGENT_ARGUMENTS} `,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

export function ignitionText(parts: IgnitionParts = {}): string {
  return JSON.stringify({
    ignition: { version: '3.1.0' },
    passwd: { users: [{ name: 'core' }] },
    systemd: {
      units: parts.units ?? [
        { name: 'selinux.service', enabled: true, contents: '[Service]\nExecStart=/usr/bin/true --url nothing\n' },
        {
          name: 'agent.service',
          enabled: true,
          contents: agentUnit(parts),
          ...(parts.dropins && { dropins: parts.dropins }),
        },
      ],
    },
    storage: { files: parts.files ?? [] },
  });
}

export const base64Url = (content: string | Buffer, type = 'text/plain;charset=utf-8') =>
  `data:${type};base64,${Buffer.from(content).toString('base64')}`;
