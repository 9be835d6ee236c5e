/** Rules about what makes a service slow, or the measurement another one, when many hosts come. */
import { goDurationMs } from '../../../model/time/go-duration.ts';
import { type CheckSubject, type Finding, NOT_READ, type Rule } from './finding.ts';
import { atLeast } from './host-rules.ts';
import type { Container } from './hub-reading.ts';
import { goBoolean, SERVICE_VARIABLES, shownValue } from './variables.ts';

/** From here on a fleet is large enough for limits that small ones never meet. */
const MANY_HOSTS = 500;
/** As many clusters as the service prepares at once without growing slow, about. */
const FEW_CLUSTERS = 20;
/** Requests a second of one client of controller-runtime: client-go, rest/config.go with controller-runtime's defaults. */
const KUBE_QPS = 20;
const KUBE_BURST = 30;
/** Writes for a host until it is known: the Agent, its labels, its status. */
const WRITES_A_HOST = 3;

const health: Rule = {
  setting: 'deployment',
  check: ({ hub }) => {
    if (!hub) return null;
    const missing = hub.missingConfigMaps.map(
      (name) => `ConfigMap ${name} does not exist in namespace ${hub.namespace}`,
    );
    const troubles = [...missing, ...hub.troubles];
    return {
      has: `${hub.agentServiceConfig ? 'AgentServiceConfig and ' : ''}Deployment in ${hub.namespace}`,
      needed: 'available and rolled out',
      why: troubles.length > 0 ? troubles.join('; ') : 'what runs is what is configured',
      verdict: troubles.length > 0 ? 'must' : 'ok',
    };
  },
};

const reachable: Rule = {
  setting: 'SERVICE_BASE_URL',
  check: (subject) => {
    const { rest, restTrouble } = subject;
    const why =
      "simulated hosts call it from this machine, and in kube mode learn it from the InfraEnv's discovery ignition";
    const has = subject.hub ? subject.shown('SERVICE_BASE_URL') : (rest?.url ?? NOT_READ);
    if (rest) return { has, needed: 'reachable from here', why, verdict: 'ok' };
    return {
      has,
      needed: 'reachable from here',
      why: restTrouble ?? why,
      verdict: restTrouble === null ? 'unknown' : 'must',
    };
  },
};

const okd: Rule = {
  setting: 'ENABLE_OKD_SUPPORT',
  check: (subject) => {
    const setting = subject.setting('ENABLE_OKD_SUPPORT');
    const matters = subject.kube || subject.needs.boot;
    const why =
      'for each discovery ignition of a bound InfraEnv the service looks for OKD packages in the release image with oc, one after another, and does not remember that there are none';
    if (!setting) return { has: NOT_READ, needed: 'false', why, verdict: matters ? 'unknown' : 'ok' };
    const off = goBoolean(setting.value) === false || (subject.setting('OKD_RPMS_IMAGE')?.value ?? '') !== '';
    return {
      has: subject.shown('ENABLE_OKD_SUPPORT'),
      needed: matters ? 'false' : 'either',
      why,
      verdict: off || !matters ? 'ok' : 'advise',
      ...(!off && matters && { set: { ENABLE_OKD_SUPPORT: 'false' } }),
    };
  },
};

const dataCollection: Rule = {
  setting: 'ENABLE_DATA_COLLECTION',
  check: (subject) => {
    const setting = subject.setting('ENABLE_DATA_COLLECTION');
    const endpoint = subject.setting('DATA_UPLOAD_ENDPOINT')?.value || 'its vendor';
    const why = `the service sends data about each simulated cluster to ${endpoint}, where the pull secret allows it`;
    if (!setting) return { has: NOT_READ, needed: 'false', why, verdict: 'unknown' };
    const off = goBoolean(setting.value) === false;
    return {
      has: subject.shown('ENABLE_DATA_COLLECTION'),
      needed: 'false',
      why,
      verdict: off ? 'ok' : 'advise',
      ...(!off && { set: { ENABLE_DATA_COLLECTION: 'false' } }),
    };
  },
};

const preparation: readonly Rule[] = [
  ['PREPARE_FOR_INSTALLATION_TIMEOUT', 10, 30],
  ['PREPARE_FOR_INSTALLATION_HOST_TIMEOUT', 8, 28],
].map(([name, minutes, more]) => ({
  setting: name as string,
  check: (subject) => {
    const { clustersAtOnce } = subject.needs;
    const many = clustersAtOnce > FEW_CLUSTERS;
    const wanted = Number(many ? more : minutes);
    return atLeast(
      subject,
      name as string,
      wanted * 60_000,
      `${wanted}m`,
      many
        ? `up to ${clustersAtOnce} clusters start within a quarter of an hour, and all that are prepared together share the service's CPUs; preparations that take longer are given up`
        : 'preparations that take longer are given up',
      'advise',
    );
  },
}));

const stages: Rule = {
  setting: 'HOST_STAGE_*_TIMEOUT',
  check: (subject) => {
    if (!subject.hub) return null;
    const shorter: Record<string, string> = {};
    for (const { name, default: usual } of SERVICE_VARIABLES.values()) {
      if (!/^(HOST|FINALIZING)_STAGE_/.test(name)) continue;
      const ms = goDurationMs(subject.setting(name)?.value ?? usual);
      if (ms === null || ms < goDurationMs(usual)!) shorter[name] = usual;
    }
    const names = Object.keys(shorter);
    return {
      has:
        names.length === 0
          ? 'defaults or longer'
          : names.map((name) => `${name}=${subject.setting(name)!.value}`).join(', '),
      needed: 'defaults or longer',
      why: 'hosts that stay in a stage for longer fail; under load stages take longer',
      verdict: names.length === 0 ? 'ok' : 'advise',
      ...(names.length > 0 && { set: shorter }),
    };
  },
};

const lighter: readonly Rule[] = ['DISABLED_STEPS', 'DISABLED_HOST_VALIDATIONS', 'DISABLED_CLUSTER_VALIDATIONS'].map(
  (name) => ({
    setting: name,
    check: (subject) => {
      const setting = subject.setting(name);
      if (!setting || setting.value === '') return null;
      return {
        has: subject.shown(name),
        needed: 'nothing',
        why: 'what is left out here is load that users of a stock service cause',
        verdict: 'advise',
        set: { [name]: '' },
      };
    },
  }),
);

const clientLimits: Rule = {
  setting: 'kube client',
  check: (subject) => {
    if (!subject.kube) return null;
    const { hosts } = subject.needs;
    const seconds = Math.ceil((hosts * WRITES_A_HOST) / KUBE_QPS);
    return {
      has: `${KUBE_QPS} requests/s, burst ${KUBE_BURST} (built in, not configurable)`,
      needed: hosts === 0 ? '-' : `at least ${seconds} s for the Agents of ${hosts} hosts`,
      why: 'each host needs its Agent written three times until it is known, and registering waits for the first; arrivals that are faster queue there',
      verdict: seconds > 600 ? 'advise' : 'ok',
    };
  },
};

const bmac: Rule = {
  setting: 'BMAC_MAX_CONCURRENT_RECONCILES',
  check: (subject) => {
    const setting = subject.setting('BMAC_MAX_CONCURRENT_RECONCILES');
    if (!subject.kube || !setting) return null;
    const many = subject.needs.bareMetalHosts >= MANY_HOSTS;
    const enough = !many || Number(setting.value) > 1;
    return {
      has: subject.shown('BMAC_MAX_CONCURRENT_RECONCILES'),
      needed: many ? '10' : '1 or more',
      why: 'BareMetalHosts are worked on one after another, each with several requests; the default of 1 is what users have',
      verdict: enough ? 'ok' : 'advise',
      ...(!enough && { set: { BMAC_MAX_CONCURRENT_RECONCILES: '10' } }),
    };
  },
};

const logLevel: Rule = {
  setting: 'LOG_LEVEL',
  check: (subject) => {
    const setting = subject.setting('LOG_LEVEL');
    const why =
      'at info the service logs every reply and step already; debug adds more than a load test should measure';
    if (!setting) return { has: NOT_READ, needed: 'info', why, verdict: 'unknown' };
    const loud = ['debug', 'trace'].includes(setting.value.toLowerCase());
    return {
      has: subject.shown('LOG_LEVEL'),
      needed: 'info',
      why,
      verdict: loud ? 'advise' : 'ok',
      ...(loud && { set: { LOG_LEVEL: 'info' } }),
    };
  },
};

const resources: Rule = {
  setting: 'resources',
  check: ({ hub, needs }) => {
    if (!hub?.containers.service) return null;
    const { service, database } = hub.containers;
    const limited = Object.keys(service.limits).length > 0;
    const many = needs.hosts >= MANY_HOSTS;
    return {
      has: [`service ${described(service)}`, database ? `database ${described(database)}` : 'database elsewhere'].join(
        '; ',
      ),
      needed: many ? 'a node with room beyond the requests, no limits' : 'no limits',
      why: limited
        ? 'a container at its limit is throttled or killed, which measures the limit'
        : 'requests are only what the scheduler reserves; the operator sets them anew whenever they are changed',
      verdict: limited || many ? 'advise' : 'ok',
    };
  },
};

const database: Rule = {
  setting: 'DB_MAX_OPEN_CONNECTIONS',
  check: (subject) => {
    const setting = subject.setting('DB_MAX_OPEN_CONNECTIONS');
    // A poll and up to six replies a minute, with an UPDATE each.
    const perSecond = Math.ceil((subject.needs.hosts * 7) / (subject.needs.pollIntervalSeconds ?? 60));
    const load =
      subject.needs.hosts === 0
        ? ''
        : `about ${perSecond} UPDATEs a second come from ${subject.needs.hosts} idle hosts; `;
    const why = `${load}requests beyond this many wait inside the service, and PostgreSQL's own default allows 100 in all`;
    if (!setting) return { has: NOT_READ, needed: '90', why, verdict: 'unknown' };
    const value = Number(setting.value);
    const fits = value >= 90 && value <= 97;
    return {
      has: subject.shown('DB_MAX_OPEN_CONNECTIONS'),
      needed: '90, or more with a larger max_connections',
      why,
      verdict: fits ? 'ok' : 'advise',
      ...(value < 90 && { set: { DB_MAX_OPEN_CONNECTIONS: '90' } }),
    };
  },
};

const rateLimits: Rule = {
  setting: 'EVENT_RATE_LIMITS',
  check: (subject) => {
    const setting = subject.setting('EVENT_RATE_LIMITS');
    if (!setting || setting.value === '') return null;
    return {
      has: subject.shown('EVENT_RATE_LIMITS', (value) => shownValue('EVENT_RATE_LIMITS', value, 40)),
      needed: 'nothing',
      why: 'events that are dropped are load that users of a stock service cause',
      verdict: 'advise',
      set: { EVENT_RATE_LIMITS: '' },
    };
  },
};

const metrics: Rule = {
  setting: '/metrics',
  check: ({ rest }) => {
    if (!rest) return null;
    return {
      has: rest.metrics ? 'readable' : NOT_READ,
      needed: 'readable',
      why: "the service's own figures go beside those of the run",
      verdict: rest.metrics ? 'ok' : 'advise',
    };
  },
};

function described({ requests, limits }: Container): string {
  const list = (resource: Record<string, string>) =>
    Object.entries(resource)
      .map(([name, amount]) => `${name} ${amount}`)
      .join(', ') || 'none';
  return `requests ${list(requests)}, limits ${list(limits)}`;
}

export const LOAD_RULES: readonly Rule[] = [
  health,
  reachable,
  okd,
  ...preparation,
  stages,
  ...lighter,
  rateLimits,
  clientLimits,
  bmac,
  database,
  resources,
  logLevel,
  dataCollection,
  metrics,
];

/** All findings of a subject, in the order of the rules. */
export function findingsOf(subject: CheckSubject, rules: readonly Rule[]): Finding[] {
  return rules.flatMap(({ setting, check }) => {
    const finding = check(subject);
    return finding ? [{ setting, ...finding }] : [];
  });
}
