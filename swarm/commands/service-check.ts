import { Command } from 'commander';
import type { CheckSubject, Finding, Verdict } from '../cluster/service-config/finding.ts';
import type { RestAddress, RestReading } from '../cluster/service-config/rest-reading.ts';
import type { TlsOptions } from '../plan/connections.ts';
import { type ExpandedPlan, SERVICE_OF_HUB } from '../plan/expanded-plan.ts';
import { countOf, createStyle, type Style, wantsColour } from '../report/style.ts';
import { EXIT, InputError } from './exit.ts';
import { note } from './note.ts';
import { repeatableOption, serviceUrl } from './options.ts';
import { readCa } from './read-ca.ts';
import { addHubOptions, asInput, type HubFlags, openHub } from './service-target.ts';
import { readAuthorization } from './user-authorization.ts';

export interface CheckFlags extends HubFlags {
  service?: string;
  plan: string[];
  insecure?: true;
  ca?: string;
  authorizationFile?: string;
}

/** Options of commands that look at a service with a plan in mind. */
export function addCheckOptions(command: Command): Command {
  return addHubOptions(
    command
      .addOption(
        repeatableOption(
          '--plan <file>',
          'what the service is to be good for; several files give one plan together',
          'any load test',
        ),
      )
      .option('--service <url>', "address of the service (default: the plan's, or what the hub says)", serviceUrl),
  )
    .option('--insecure', "do not verify the service's certificate")
    .option('--ca <file>', 'PEM certificates to trust beside those of the system')
    .option(
      '--authorization-file <file>',
      "file with the Authorization header's value for the service (default: SWARM_USER_AUTHORIZATION of the environment)",
    );
}

/** `swarm service check` */
export function serviceCheckCommand(finish: (code: number) => void): Command {
  return addCheckOptions(new Command('check'))
    .summary('tell what a load test needs of a service')
    .description(
      `Reads what a service says of itself, over REST and from the hub that it runs on, and compares it with what a plan needs; without a plan with what any load test does. Changes nothing.

A hub is looked at with --kubeconfig or --context, when the plan has one, or when no address of a service is known; it then also says the address.`,
    )
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      `
Verdicts: ok; advise (works, but slower, or measures something else); must (the plan cannot work so); unknown (not readable from here).
Exit codes: 0 ready, 1 something must be changed, 2 wrong input or nothing reachable.

Examples:
  swarm service check --plan plan.yaml
  swarm service check --service http://127.0.0.1:8090 --plan plan.yaml
  swarm service check --context hub --plan plan.yaml --json`,
    )
    .action(async (flags: CheckFlags & { json?: true }) => {
      const { subject, findings } = await lookAt(flags);
      if (flags.json) process.stdout.write(`${JSON.stringify(report(subject, findings), null, 2)}\n`);
      else {
        const style = createStyle(wantsColour(process.stdout, process.env));
        process.stdout.write(`${render(subject, findings, style).join('\n')}\n`);
      }
      finish(findings.some(({ verdict }) => verdict === 'must') ? EXIT.failed : EXIT.ok);
    });
}

/** @throws InputError when there is nothing to look at, or it cannot be reached. */
export async function lookAt(
  flags: CheckFlags,
): Promise<{ subject: CheckSubject; findings: Finding[]; hub: HubFlags }> {
  const [{ CheckSubject }, { HOST_RULES }, { findingsOf, LOAD_RULES }, { needsOf, stockNeeds }, { readHub }] =
    await Promise.all([
      import('../cluster/service-config/finding.ts'),
      import('../cluster/service-config/host-rules.ts'),
      import('../cluster/service-config/load-rules.ts'),
      import('../cluster/service-config/plan-needs.ts'),
      import('../cluster/service-config/hub-reading.ts'),
    ]);
  const { expandWith, readPlanFiles } = await import('./read-plan.ts');
  const plan = flags.plan.length > 0 ? expandWith(readPlanFiles(flags.plan, note), {}) : null;
  const named = flags.service ?? addressIn(plan);
  const ofHub = hubOf(plan, flags);
  const wantsHub = ofHub.kubeconfig !== undefined || ofHub.context !== undefined || named === undefined;
  let hub = null;
  if (wantsHub) {
    const { client, namespace } = await openHub(ofHub);
    try {
      hub = await asInput(client.server, readHub(client, namespace));
    } finally {
      await client.close();
    }
  }
  const url = named ?? (hub?.settings.get('SERVICE_BASE_URL')?.value || undefined);
  const { rest, trouble } = await readService(url, flags, plan, named !== undefined && hub === null);
  const subject = new CheckSubject(plan ? needsOf(plan) : stockNeeds(), hub, rest, trouble);
  return { subject, findings: findingsOf(subject, [...HOST_RULES, ...LOAD_RULES]), hub: ofHub };
}

/** The hub that is meant: the command line's, else the plan's. */
function hubOf(plan: ExpandedPlan | null, { kubeconfig, context, namespace }: HubFlags): HubFlags {
  const rest = namespace === undefined ? {} : { namespace };
  if (kubeconfig !== undefined || context !== undefined || !plan?.hub || plan.hub.kubeconfig === 'embedded') {
    return { ...rest, ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) };
  }
  const { kubeconfig: file, context: named } = plan.hub;
  return { ...rest, kubeconfig: file, ...(named !== null && { context: named }) };
}

function addressIn(plan: ExpandedPlan | null): string | undefined {
  const url = plan?.service.url;
  return url === 'embedded' || url === SERVICE_OF_HUB ? undefined : url;
}

/** @param insist there is nothing else to look at. */
async function readService(
  url: string | undefined,
  flags: CheckFlags,
  plan: ExpandedPlan | null,
  insist: boolean,
): Promise<{ rest: RestReading | null; trouble: string | null }> {
  if (url === undefined) return { rest: null, trouble: null };
  const { readRest, RestUnreachable } = await import('../cluster/service-config/rest-reading.ts');
  const tls: TlsOptions = {
    ...plan?.service.tls,
    ...(flags.insecure && { insecure: true }),
    ...(flags.ca !== undefined && { ca: readCa(flags.ca) }),
  };
  const authorization = readAuthorization(flags.authorizationFile) || (plan?.service.userAuthorization ?? '');
  const address: RestAddress = { url: url.replace(/\/+$/, ''), tls, authorization };
  try {
    return { rest: await readRest(address), trouble: null };
  } catch (error) {
    if (!(error instanceof RestUnreachable)) throw error;
    if (insist)
      throw new InputError(`${error.message} (another address: --service; its certificate: --ca or --insecure)`, {
        cause: error,
      });
    return { rest: null, trouble: error.message };
  }
}

/** What `--json` prints. */
function report(subject: CheckSubject, findings: readonly Finding[]): object {
  const { hub, rest, needs } = subject;
  return {
    ready: !findings.some(({ verdict }) => verdict === 'must'),
    plan: needs.plan,
    service: rest?.url ?? null,
    hub: hub && { server: hub.server, namespace: hub.namespace, agentServiceConfig: hub.agentServiceConfig !== null },
    findings,
  };
}

function render(subject: CheckSubject, findings: readonly Finding[], style: Style): string[] {
  const { hub, rest, needs } = subject;
  const paint: Record<Verdict, (text: string) => string> = {
    ok: style.good,
    advise: style.warn,
    must: style.bad,
    unknown: style.dim,
  };
  const width = Math.max(...findings.map(({ setting }) => setting.length));
  const lines = findings.flatMap(({ setting, has, needed, why, verdict }) => [
    `${paint[verdict](verdict.padEnd(7))}  ${style.bold(setting.padEnd(width))}  has ${has}; needed: ${needed}`,
    `${' '.repeat(9)}${style.dim(why)}`,
  ]);
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const looked = [rest?.url, hub && `namespace ${hub.namespace} of ${hub.server}`].filter(Boolean).join(', ');
  return [
    `${looked} for ${needs.plan === null ? 'any load test (give --plan for a plan)' : `plan ${needs.plan}: ${countOf(needs.clusters, 'cluster')}, ${countOf(needs.hosts, 'host')}`}`,
    '',
    ...lines,
    '',
    `${count('must')} must be changed, ${count('advise')} advised, ${count('ok')} ok, ${count('unknown')} unknown`,
  ];
}
