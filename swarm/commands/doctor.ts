import { Command } from 'commander';
import type { MachineCheck, PlanDemand } from '../daemon/machine-checks.ts';
import { SERVICE_OF_HUB } from '../plan/expanded-plan.ts';
import type { Style } from '../report/style.ts';
import { EXIT } from './exit.ts';
import { note } from './note.ts';
import { clockSpeed, serviceUrl, wholeNumber } from './options.ts';
import { readCa } from './read-ca.ts';
import type { PlanOptions } from './read-plan.ts';

interface DoctorFlags extends PlanOptions {
  workers?: number;
  json?: boolean;
}

/** `swarm doctor` */
export function doctorCommand(finish: (code: number) => void): Command {
  return new Command('doctor')
    .description(
      'Looks at the limits of this machine: open files, ports, firewall, memory of sockets, memory, processors and clock, and at the way to the service and the hub. Says what a plan needs of each, what there is, and what mends it. Changes nothing.',
    )
    .argument(
      '[plan...]',
      'plan files (YAML or JSON); several give one plan together; without one it tells what there is',
    )
    .option('--service <url>', 'address of the service, or "embedded" for the built-in simulator', (text) =>
      text === 'embedded' ? text : serviceUrl(text),
    )
    .option('--insecure', "do not verify the service's certificate")
    .option('--ca <file>', 'PEM certificates to trust beside those of the system')
    .option('--speed <factor>', 'simulated seconds in one second (embedded service only)', clockSpeed)
    .option('--workers <n>', 'worker threads (default: one less than processors)', wholeNumber(256))
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing is missing, 1 something is and is named with what mends it, 2 wrong input.

Examples:
  swarm doctor
  swarm doctor examples/steady-20000.yaml
  swarm doctor plan.yaml --service https://assisted.example.com --ca ca.pem --json`,
    )
    .action(async (files: string[], flags: DoctorFlags) => {
      const checks = await checksOf(files, flags);
      const { createStyle, wantsColour } = await import('../report/style.ts');
      if (flags.json) process.stdout.write(`${JSON.stringify({ checks }, null, 2)}\n`);
      else process.stdout.write(await rendered(checks, createStyle(wantsColour(process.stdout, process.env))));
      finish(checks.some(({ verdict }) => verdict === 'short') ? EXIT.failed : EXIT.ok);
    });
}

async function checksOf(files: string[], flags: DoctorFlags): Promise<MachineCheck[]> {
  const { checkMachine } = await import('../daemon/machine-checks.ts');
  const { readMachine } = await import('../daemon/machine-readings.ts');
  const { checkReach } = await import('../daemon/reach.ts');
  if (files.length === 0) {
    const own = checkMachine(await readMachine(), null);
    if (flags.service === undefined || flags.service === 'embedded') return own;
    const tls = { ...(flags.insecure && { insecure: true }), ...(flags.ca !== undefined && { ca: readCa(flags.ca) }) };
    return [...own, ...(await checkReach(flags.service, tls))];
  }
  const { expandWith, readPlanFiles } = await import('./read-plan.ts');
  const plan = expandWith(readPlanFiles(files, note), flags);
  const own = checkMachine(await readMachine(), await demandOf(plan, flags.workers));
  const { url, tls } = plan.service;
  const away = url !== 'embedded' && url !== SERVICE_OF_HUB;
  return [...own, ...(away ? await checkReach(url, tls) : []), ...(await hubRows(plan))];
}

type Expanded = ReturnType<typeof import('./read-plan.ts').expandWith>;

async function demandOf(plan: Expanded, workers: number | undefined): Promise<PlanDemand> {
  const { estimateNeeds, openedPerSecond, ownRunner } = await import('../plan/needs.ts');
  const runner = ownRunner(plan.clusters.length);
  const needs = estimateNeeds(plan, { ...runner, workers: workers ?? runner.workers }, null);
  const { fileDescriptors, localPorts, connections, memoryMiB } = needs;
  const { isLoopback } = await import('../daemon/access.ts');
  const { url } = plan.service;
  const embedded = url === 'embedded';
  return {
    ...{ fileDescriptors, localPorts, connections, memoryMiB },
    workers: workers ?? runner.workers,
    opened: openedPerSecond(plan),
    sourceAddresses: plan.connections.sourceAddresses.length,
    embedded,
    inside: embedded || (URL.canParse(url) && isLoopback(new URL(url).hostname)),
  };
}

async function hubRows(plan: Expanded): Promise<MachineCheck[]> {
  if (plan.hub === null || plan.hub.kubeconfig === 'embedded') return [];
  const { hubProblems } = await import('../daemon/hub-check.ts');
  const problems = await hubProblems(plan, AbortSignal.timeout(60_000));
  const base = { name: 'hub', needs: null };
  if (problems.length === 0)
    return [{ ...base, verdict: 'ok', has: 'takes what the plan makes', says: null, mend: null }];
  return problems.map((has) => ({
    ...base,
    verdict: 'short',
    has,
    says: 'no cluster could be made there',
    mend: null,
  }));
}

const MARKS: Readonly<Record<MachineCheck['verdict'], string>> = { ok: 'ok', mind: '!', short: 'SHORT', unknown: '?' };

async function rendered(checks: readonly MachineCheck[], style: Style): Promise<string> {
  const { table } = await import('../report/style.ts');
  const needed = checks.some(({ needs }) => needs !== null);
  const head = needed ? ['', '', 'needs', 'there is'] : ['', '', 'there is'];
  const rows = checks.map(({ verdict, name, needs, has }) =>
    needed ? [MARKS[verdict], name, needs ?? '', has] : [MARKS[verdict], name, has],
  );
  const lines = table([head, ...rows], needed ? [2] : []);
  for (const { name, says, mend, verdict } of checks) {
    if (says === null) continue;
    lines.push('', `${verdict === 'short' ? style.bad(name) : style.warn(name)}: ${says}`);
    if (mend !== null) lines.push(`  ${mend}`);
  }
  return `${lines.join('\n')}\n`;
}
