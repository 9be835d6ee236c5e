/** Rules about what simulated hosts and their clusters need of the service. */
import { goDurationMs } from '../../../model/time/go-duration.ts';
import { type CheckSubject, type Finding, NOT_READ, type Rule, type Verdict } from './finding.ts';
import { HardwareRequirements, shortfalls } from './hardware.ts';
import { goBoolean, shownValue } from './variables.ts';

const auth: Rule = {
  setting: 'AUTH_TYPE',
  check: (subject) => {
    const { needs, rest } = subject;
    const type = subject.setting('AUTH_TYPE')?.value;
    const open = (has: string, verdict: Verdict): Omit<Finding, 'setting'> => ({
      has,
      needed: needs.apis.kube > 0 && needs.apis.rest === 0 ? 'none or local' : 'none',
      why: 'without authentication the user and the agents need no tokens',
      verdict,
      ...(verdict !== 'ok' && { set: { AUTH_TYPE: 'none' } }),
    });
    if (type === undefined) {
      if (!rest) return open(NOT_READ, 'unknown');
      if (rest.user === 'open') return open('users are served', 'ok');
      return {
        ...open(`users are refused (${rest.user})`, 'must'),
        why: 'the service asks the user for credentials: give service.user_authorization and service.agent_token, or set it to none (with local no user is ever served over REST)',
      };
    }
    const has = subject.shown('AUTH_TYPE');
    if (type === 'none') return open(has, 'ok');
    if (type === 'local') {
      if (needs.apis.rest === 0) {
        return {
          ...open(has, 'ok'),
          needed: 'none or local',
          why: 'agents take their tokens from what the InfraEnv tells a booting host; users work through custom resources',
        };
      }
      return {
        ...open(has, 'must'),
        why: 'with local no user is ever served over REST, and the plan makes clusters that way',
      };
    }
    if (type === 'rhsso' || type === 'agent-installer-local') {
      const lacks = [
        ...(needs.userAuthorization ? [] : ['service.user_authorization']),
        ...(needs.agentToken ? [] : ['service.agent_token']),
      ];
      if (lacks.length === 0)
        return { ...open(has, 'ok'), needed: type, why: 'the plan brings tokens for user and agents' };
      return { ...open(has, 'must'), why: `the plan has no ${lacks.join(' and no ')}` };
    }
    return { ...open(has, 'must'), why: 'the service does not start with it' };
  },
};

const hardware: Rule = {
  setting: 'HW_VALIDATOR_REQUIREMENTS',
  check: (subject) => {
    const setting = subject.setting('HW_VALIDATOR_REQUIREMENTS');
    const { needs } = subject;
    const needed = needs.plan === null ? 'minima that stock machines meet' : "minima that the plan's machines meet";
    const why = 'hosts below the minimum of their role stay insufficient and never install';
    if (!setting) return { has: NOT_READ, needed, why, verdict: 'unknown' };
    let requirements: HardwareRequirements;
    try {
      requirements = new HardwareRequirements(setting.value);
    } catch (error) {
      return { has: (error as Error).message, needed, why: 'the service does not start with it', verdict: 'must' };
    }
    // Without a version the entry for all others is what counts.
    const version = needs.openshiftVersion ?? 'default';
    const problems: string[] = [];
    const minima = new Set<string>();
    for (const { role, profile, hosts } of needs.machines) {
      const minimum = requirements.minimum(version, role);
      if (!minimum) problems.push(`there is no minimum for ${role}, so every host is refused`);
      else {
        minima.add(`${role} ${minimum.cpuCores} CPUs ${minimum.ramMib} MiB ${minimum.diskGb} GB`);
        const lacks = shortfalls(profile, minimum);
        const count = needs.plan === null ? '' : ` (${hosts} host${hosts === 1 ? '' : 's'})`;
        if (lacks.length > 0) problems.push(`${profile} as ${role}${count} has ${lacks.join(', ')}`);
      }
    }
    const has = `${[...minima].join('; ') || 'nothing'} (${setting.from})`;
    if (problems.length === 0) return { has, needed, why, verdict: 'ok' };
    const set = { HW_VALIDATOR_REQUIREMENTS: requirements.loweredTo(needs.machines) };
    return { has, needed, why: problems.join('; '), verdict: 'must', set };
  },
};

/** Last parts of the names under which the stock images are published, upstream and in the product. */
const STOCK_IMAGES = {
  AGENT_DOCKER_IMAGE: {
    component: 'discovery-agent',
    names: /^(assisted-installer-agent|agent-installer-node-agent)(-rhel\d+)?$/,
  },
  INSTALLER_IMAGE: {
    component: 'assisted-installer',
    names: /^(assisted-installer|agent-installer-orchestrator)(-rhel\d+)?$/,
  },
  CONTROLLER_IMAGE: {
    component: 'assisted-installer-controller',
    names: /^(assisted-installer-controller|assisted-installer-reporter|agent-installer-csr-approver)(-rhel\d+)?$/,
  },
} as const;

const images: readonly Rule[] = Object.entries(STOCK_IMAGES).map(([name, { component, names }]) => ({
  setting: name,
  check: (subject) => {
    const setting = subject.setting(name);
    const value = setting?.value ?? subject.rest?.versions?.[component];
    const needed = 'the stock image';
    const why =
      'simulated hosts do not run it; no-op agents take the stock programs out of it and stay true to the release under test';
    if (value === undefined) return { has: NOT_READ, needed, why, verdict: 'unknown' };
    const last = value
      .replace(/@.*$/, '')
      .replace(/:[^/:]*$/, '')
      .split('/')
      .at(-1)!;
    const has = `${value} (${setting?.from ?? 'component-versions'})`;
    if (names.test(last)) return { has, needed, why, verdict: 'ok' };
    return {
      has,
      needed,
      why: `${last} is not the name of a stock image; an image of somebody's own is not needed here, and may be left from another tool`,
      verdict: 'advise',
    };
  },
}));

const imageService: Rule = {
  setting: 'ENABLE_IMAGE_SERVICE',
  check: (subject) => {
    const setting = subject.setting('ENABLE_IMAGE_SERVICE');
    const on = setting ? goBoolean(setting.value) !== false : undefined;
    const why =
      'InfraEnvs get their ISO and boot URLs from it, and BareMetalHosts and agents their images and tokens from these';
    const matters = subject.kube || subject.needs.boot;
    const needed = matters ? 'true' : 'either';
    const has = setting ? subject.shown('ENABLE_IMAGE_SERVICE') : NOT_READ;
    if (on === undefined) return { has, needed, why, verdict: matters ? 'unknown' : 'ok' };
    if (on || !matters) return { has, needed, why, verdict: 'ok' };
    return {
      has,
      needed,
      why: `${why}; ${subject.hub?.agentServiceConfig ? 'remove the annotation agent-install.openshift.io/enable-image-service from the AgentServiceConfig' : 'set ENABLE_IMAGE_SERVICE=true and IMAGE_SERVICE_BASE_URL'}`,
      verdict: 'must',
    };
  },
};

/** `x.y` of a version. */
const minorOf = (version: string) => version.split('.').slice(0, 2).join('.');

const osImages: Rule = {
  setting: 'OS_IMAGES',
  check: (subject) => {
    const { openshiftVersion: version, architecture } = subject.needs;
    const setting = subject.setting('OS_IMAGES');
    if (setting && goBoolean(subject.setting('ENABLE_IMAGE_SERVICE')?.value ?? 'true') === false) return null;
    const needed = version === null ? `an image for ${architecture}` : `${minorOf(version)} for ${architecture}`;
    const why = 'an infra-env of a version without an image is refused';
    if (!setting) return null;
    const parsed = listOf(setting.value);
    if (!parsed)
      return {
        has: shownValue('OS_IMAGES', setting.value, 30),
        needed,
        why: 'it is not a JSON list; the service does not start',
        verdict: 'must',
      };
    // Which of them is taken: internal/versions/osimages.go, GetOsImage.
    const own = parsed.filter((image) => (image.cpu_architecture || 'x86_64') === architecture);
    const versions = [...new Set(own.map((image) => minorOf(String(image.openshift_version))))];
    const has = `${versions.join(', ') || 'none'} for ${architecture} (${setting.from})`;
    const covered = version === null ? own.length > 0 : versions.includes(minorOf(version));
    return { has, needed, why, verdict: covered ? 'ok' : 'must' };
  },
};

const releaseImages: Rule = {
  setting: 'RELEASE_IMAGES',
  check: (subject) => {
    const { needs, rest } = subject;
    const setting = subject.setting('RELEASE_IMAGES');
    const list = setting ? (listOf(setting.value) ?? []) : [];
    if (needs.apis.rest > 0 || needs.plan === null) {
      const offered = rest?.openshiftVersions ?? null;
      const version = needs.openshiftVersion;
      const needed = version === null ? 'a version' : `${version} for ${needs.architecture}`;
      const why = 'clusters over REST are made of the versions that the service offers';
      if (offered) {
        const fitting = Object.entries(offered).filter(
          ([name, architectures]) =>
            (version === null || name === version || name.startsWith(`${version}.`)) &&
            (architectures.length === 0 || architectures.includes(needs.architecture)),
        );
        const has = Object.keys(offered).slice(0, 6).join(', ') || 'no versions';
        // Without an image service the list is empty, and clusters are made all the same.
        const off = goBoolean(subject.setting('ENABLE_IMAGE_SERVICE')?.value ?? 'true') === false;
        const verdict: Verdict = fitting.length > 0 || (off && needs.releaseImage !== null) ? 'ok' : 'must';
        return { has: `${has} (openshift-versions)`, needed, why, verdict };
      }
      if (needs.apis.rest > 0) return { has: NOT_READ, needed, why, verdict: 'unknown' };
    }
    if (!setting || !subject.kube) return null;
    const urls = list.map((image) => String(image.url));
    const known = needs.releaseImage !== null && urls.includes(needs.releaseImage);
    return {
      has: `${urls.length} images (${setting.from})`,
      needed: needs.releaseImage ?? "the ClusterImageSets' images",
      why: 'of a release image that is not in the list the service learns the version with oc, from the registry, for each ClusterImageSet',
      verdict: known || needs.releaseImage === null ? 'ok' : 'advise',
    };
  },
};

const operators: Rule = {
  setting: 'OLM operators',
  check: ({ needs, rest }) => {
    if (needs.olmOperators.length === 0) return null;
    const needed = needs.olmOperators.join(', ');
    if (!rest?.operators)
      return {
        has: NOT_READ,
        needed,
        why: 'clusters that ask for an unknown operator are refused',
        verdict: 'unknown',
      };
    const unknown = needs.olmOperators.filter((name) => !rest.operators!.includes(name));
    return {
      has: `${rest.operators.length} operators (supported-operators)`,
      needed,
      why:
        unknown.length > 0
          ? `the service does not know ${unknown.join(', ')}`
          : 'their own needs of CPUs and memory come on top of the minima above',
      verdict: unknown.length > 0 ? 'must' : 'ok',
    };
  },
};

const arbiters: Rule = {
  setting: 'TNA_CLUSTERS_SUPPORT',
  check: (subject) => {
    if (!subject.needs.arbiters) return null;
    return required(subject, 'TNA_CLUSTERS_SUPPORT', 'true', 'clusters with an arbiter are refused without it');
  },
};

const dummyIgnition: Rule = {
  setting: 'DUMMY_IGNITION',
  check: (subject) => {
    const setting = subject.setting('DUMMY_IGNITION');
    if (!setting || goBoolean(setting.value || 'false') !== true) return null;
    const { arbiters, stockInstallers } = subject.needs;
    return {
      has: subject.shown('DUMMY_IGNITION'),
      needed: 'false',
      why: stockInstallers
        ? 'with it stock installers fail: the bootstrap ignition has no pull secret, and those of hosts are no JSON ("config is not valid")'
        : arbiters
          ? 'with it the service writes no ignition for arbiters, so that they cannot install'
          : 'with it no installer is run for a cluster, which is a large part of the load of an installation',
      verdict: arbiters || stockInstallers ? 'must' : 'advise',
      set: { DUMMY_IGNITION: 'false' },
    };
  },
};

const disconnection: Rule = {
  setting: 'HOST_MAX_DISCONNECTION_TIME',
  check: (subject) => {
    const interval = subject.needs.pollIntervalSeconds ?? 60;
    const seconds = Math.ceil(interval * 3);
    return atLeast(
      subject,
      'HOST_MAX_DISCONNECTION_TIME',
      seconds * 1000,
      `${Math.max(3, Math.ceil(seconds / 60))}m`,
      `hosts poll every ${interval} s; one that is not heard of for this long is disconnected, and fails while it installs`,
    );
  },
};

/** A boolean or text that has to have one value. */
export function required(subject: CheckSubject, name: string, value: string, why: string): Omit<Finding, 'setting'> {
  const setting = subject.setting(name);
  if (!setting) return { has: NOT_READ, needed: value, why, verdict: 'unknown' };
  const same = setting.value.toLowerCase() === value || String(goBoolean(setting.value)) === value;
  return {
    has: subject.shown(name),
    needed: value,
    why,
    verdict: same ? 'ok' : 'must',
    ...(!same && { set: { [name]: value } }),
  };
}

/** A duration that must not be shorter. @param to what to set it to otherwise. */
export function atLeast(
  subject: CheckSubject,
  name: string,
  ms: number,
  to: string,
  why: string,
  verdict: Verdict = 'must',
): Omit<Finding, 'setting'> {
  const setting = subject.setting(name);
  if (!setting) return { has: NOT_READ, needed: `${to} or more`, why, verdict: 'unknown' };
  const has = goDurationMs(setting.value);
  if (has === null) {
    return {
      has: subject.shown(name),
      needed: `${to} or more`,
      why: 'it is not a duration; the service does not start',
      verdict: 'must',
      set: { [name]: to },
    };
  }
  return {
    has: subject.shown(name),
    needed: `${to} or more`,
    why,
    verdict: has >= ms ? 'ok' : verdict,
    ...(has < ms && { set: { [name]: to } }),
  };
}

function listOf(text: string): Record<string, unknown>[] | null {
  if (text === '') return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? (parsed as Record<string, unknown>[]) : null;
  } catch {
    return null;
  }
}

export const HOST_RULES: readonly Rule[] = [
  auth,
  hardware,
  ...images,
  imageService,
  osImages,
  releaseImages,
  operators,
  arbiters,
  dummyIgnition,
  disconnection,
];
