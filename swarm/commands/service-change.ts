import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { HubReading } from '../cluster/service-config/hub-reading.ts';
import type { OverrideState, SettingChange } from '../cluster/service-config/override.ts';
import { askedTo } from './consent.ts';
import { EXIT, InputError } from './exit.ts';
import { catchInterrupts } from './interrupt.ts';
import { note } from './note.ts';
import { durationOption, repeatableOption } from './options.ts';
import { prepareOutputFolder } from './output-folder.ts';
import { addCheckOptions, type CheckFlags, lookAt } from './service-check.ts';
import { addHubOptions, asInput, type HubFlags, type HubTarget, openHub } from './service-target.ts';

interface WaitFlags {
  yes?: true;
  /** Seconds. */
  timeout: number;
}

interface ConfigureFlags extends CheckFlags, WaitFlags {
  set: string[];
  out: string;
}

interface RestoreFlags extends HubFlags, WaitFlags {
  state?: string;
  force?: true;
}

function addWaitOptions(command: Command): Command {
  return command
    .option('--yes', 'do it without asking')
    .addOption(durationOption('--timeout <duration>', 'how long the service may take to run with it', '10m'));
}

/** `swarm service configure` */
export function serviceConfigureCommand(finish: (code: number) => void): Command {
  const command = addCheckOptions(new Command('configure'))
    .summary("change a service's configuration for a load test")
    .description(
      `Shows what would change, asks, and then lays a ConfigMap over the service's own configuration, which the operator rolls out: the service restarts. What was before is kept on the hub and in a file, for \`swarm service restore\`.

Without --set it sets what \`swarm service check\` would have changed, for the plan where one is given. A service without an AgentServiceConfig is not changed: what to set is printed.`,
    )
    .addOption(repeatableOption('--set <NAME=VALUE>', "a variable of the service's environment", 'what the check says'))
    .option('--out <dir>', 'folder for the file with what was before', 'runs');
  return addWaitOptions(command)
    .addHelpText(
      'after',
      `
Exit codes: 0 the service runs with it, 1 it does not (yet), 2 wrong input, nothing was changed, 130 interrupted.

Examples:
  swarm service configure --context hub --plan plan.yaml
  swarm service configure --context hub --set ENABLE_OKD_SUPPORT=false --set LOG_LEVEL=info --yes
  swarm service configure --service http://127.0.0.1:8090 --plan plan.yaml`,
    )
    .action(async (flags: ConfigureFlags) => finish(await configure(flags)));
}

/** `swarm service restore` */
export function serviceRestoreCommand(finish: (code: number) => void): Command {
  const command = addHubOptions(new Command('restore'))
    .summary("bring back a service's configuration as it was before configure")
    .description(
      'Brings back exactly what was before `swarm service configure`, from whatever machine, and removes what that made. What somebody else changed meanwhile is told.',
    )
    .option('--state <file>', 'the file that configure wrote, where the hub does not say what was before')
    .option('--force', 'bring it back also where somebody has chosen another ConfigMap since');
  return addWaitOptions(command)
    .addHelpText(
      'after',
      '\nExit codes: 0 as before, 1 not (yet) or something of others stays, 2 wrong input, 130 interrupted.\n\nExamples:\n  swarm service restore --context hub\n  swarm service restore --context hub --yes --timeout 5m',
    )
    .action(async (flags: RestoreFlags) => finish(await restore(flags)));
}

async function configure(flags: ConfigureFlags): Promise<number> {
  const given = await settingsIn(flags.set);
  const { subject, findings, hub: ofHub } = await lookAt(flags);
  const wanted = flags.set.length > 0 ? given : Object.assign({}, ...findings.map(({ set = {} }) => set));
  const { hub } = subject;
  if (!hub?.agentServiceConfig) return printByHand(wanted, hub);
  const { applyOverride, changesOf, planOverride } = await import('../cluster/service-config/override.ts');
  const changes = changesOf(hub, wanted);
  if (changes.length === 0) {
    note('nothing to change: the service has it all');
    return EXIT.ok;
  }
  const target = await openHub(ofHub);
  try {
    const plan = await asInput(
      hub.server,
      Promise.resolve().then(() => planOverride(hub, changes, rfc3339(Date.now()))),
    );
    await showChanges(hub, changes);
    const refused = await askedTo('The service restarts with it. Change it?', flags.yes === true);
    if (refused !== null) return refused;
    const file = keepState(plan.state, flags.out);
    await asInput(hub.server, applyOverride(target.client, hub, plan));
    note(`what was before is in ${file} and on the hub; bring it back with: swarm service restore`);
    return await follow(target, hub, flags.timeout);
  } finally {
    await target.client.close();
  }
}

async function restore(flags: RestoreFlags): Promise<number> {
  const fallback = flags.state === undefined ? null : await readState(flags.state);
  const target = await openHub(flags);
  const { client, namespace } = target;
  try {
    const { readHub } = await import('../cluster/service-config/hub-reading.ts');
    const { OUR_CONFIG_MAP, restoreOverride } = await import('../cluster/service-config/override.ts');
    const hub = await asInput(client.server, readHub(client, namespace));
    if (!hub.agentServiceConfig) {
      throw new InputError(
        `the hub ${client.server} has no AgentServiceConfig, so this program has changed nothing there; undo by hand what was set by hand`,
      );
    }
    const restarts = hub.override === OUR_CONFIG_MAP || flags.force;
    if (restarts) {
      const question = 'The service restarts with its old configuration. Restore it?';
      const refused = await askedTo(question, flags.yes === true);
      if (refused !== null) return refused;
    }
    const { changed, now, meanwhile } = await asInput(
      client.server,
      restoreOverride(client, hub, { force: flags.force === true, fallback }),
    );
    for (const text of meanwhile) note(`warning: ${text}`);
    if (!changed) {
      note('nothing to restore: this program has changed nothing here');
      return EXIT.ok;
    }
    const stays = now === null ? 'the configuration of the operator alone' : `ConfigMap ${now}`;
    note(`in force is ${stays} over what the operator sets; what this program made is removed`);
    if (now === hub.override) return meanwhile.length > 0 ? EXIT.failed : EXIT.ok;
    return await follow(target, hub, flags.timeout);
  } finally {
    await client.close();
  }
}

/** `NAME=VALUE` texts. @throws InputError with everything that is wrong. */
async function settingsIn(texts: readonly string[]): Promise<Record<string, string>> {
  const { problemWith } = await import('../cluster/service-config/variables.ts');
  const settings: Record<string, string> = {};
  const problems: string[] = [];
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = text.slice(0, at);
    if (at <= 0) problems.push(`--set ${text} has no value; allowed: NAME=VALUE, such as LOG_LEVEL=info`);
    else if (name in settings) problems.push(`--set ${name} is given twice; allowed: once`);
    else {
      settings[name] = text.slice(at + 1);
      const problem = problemWith(name, settings[name]);
      if (problem) problems.push(`--set: ${problem}`);
    }
  }
  if (problems.length > 0) throw new InputError(problems.join('\n'));
  return settings;
}

async function showChanges(hub: HubReading, changes: readonly SettingChange[]): Promise<void> {
  const { shownValue } = await import('../cluster/service-config/variables.ts');
  process.stdout.write(`The service in namespace ${hub.namespace} of ${hub.server} would get:\n`);
  for (const { name, before, after } of changes) {
    const old = before ? `${shownValue(name, before.value)} (${before.from})` : 'a value that is not readable';
    process.stdout.write(`  ${name}\n    - ${old}\n    + ${shownValue(name, after, 200)}\n`);
  }
}

/** What people who run the service in another way have to do. */
async function printByHand(wanted: Readonly<Record<string, string>>, hub: HubReading | null): Promise<number> {
  const names = Object.keys(wanted).sort();
  if (names.length === 0) {
    note('nothing to change, as far as can be seen');
    return EXIT.ok;
  }
  const { stringify } = await import('yaml');
  const name = hub ? 'the ConfigMap that its Deployment takes its environment from' : 'its ConfigMap';
  note(
    `${hub ? 'no AgentServiceConfig has made this service' : 'only the address of this service is known'}, so nothing was changed; set this in its environment, or in ${name}, and restart it:`,
  );
  const data = Object.fromEntries(names.map((one) => [one, wanted[one]!]));
  process.stdout.write(stringify({ data }, { lineWidth: 0 }));
  return EXIT.ok;
}

/** @returns the file. @throws InputError when it cannot be written: then nothing may be changed. */
function keepState(state: OverrideState, out: string): string {
  prepareOutputFolder(out);
  const file = join(out, `service-config-${state.at.replace(/[-:]/g, '')}.json`);
  try {
    writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new InputError(
      `${file} cannot be written (${(error as NodeJS.ErrnoException).code}), so nothing was changed`,
      {
        cause: error,
      },
    );
  }
  return file;
}

async function readState(path: string): Promise<OverrideState> {
  const { parseState } = await import('../cluster/service-config/override.ts');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`--state ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
  return asInput(
    '',
    Promise.resolve().then(() => parseState(text, `file ${path}`)),
  );
}

/** Waits for the roll-out and says how it went. */
async function follow({ client, clock }: HubTarget, hub: HubReading, seconds: number): Promise<number> {
  const { awaitRollOut } = await import('../cluster/service-config/roll-out.ts');
  const stop = new AbortController();
  const interrupts = catchInterrupts(() => process.exit(EXIT.interrupted));
  void interrupts.first.then(() => stop.abort(new Error('interrupted')));
  try {
    const unfinished = await asInput(
      client.server,
      awaitRollOut({ client, clock, hub, timeoutMs: seconds * 1000, onProgress: note, signal: stop.signal }),
    );
    if (unfinished === null) return EXIT.ok;
    note(`the service does not run with it after ${seconds} s: ${unfinished}; look at it with: swarm service check`);
    return EXIT.failed;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    note('not waiting any longer; the change stands');
    return EXIT.interrupted;
  } finally {
    interrupts.release();
  }
}
