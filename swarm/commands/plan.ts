import { Command } from 'commander';
import { EXIT } from './exit.ts';
import { note } from './note.ts';

/** `swarm plan` and what is below it. */
export function planCommand(finish: (code: number) => void): Command {
  const plan = new Command('plan')
    .description('Checks plan files and shows what they would do, without doing it.')
    .addHelpText('after', '\nExamples:\n  swarm plan show examples/demo.yaml\n  swarm plan check plan.yaml');

  plan
    .command('show')
    .summary('show what a plan expands to')
    .description('Shows clusters, hosts, arrival, load and needs of a plan.')
    .argument('<plan...>', 'plan files (YAML or JSON); several give one plan together')
    .option('--json', 'print it as JSON')
    .option('--full', 'print the whole expanded plan with every host, as JSON; secrets are hidden')
    .addHelpText(
      'after',
      '\nExamples:\n  swarm plan show examples/demo.yaml\n  swarm plan show testplan.yaml service_config.yaml --json',
    )
    .action(async (files: string[], flags: { json?: boolean; full?: boolean }) => {
      const { expandWith, readPlanFiles } = await import('./read-plan.ts');
      const { describePlan, renderDescription } = await import('../plan/describe.ts');
      const read = readPlanFiles(files, flags.json || flags.full ? note : () => {});
      if (flags.full) {
        const { redactedPlanText } = await import('../plan/redact.ts');
        for (const piece of redactedPlanText(expandWith(read, {}))) process.stdout.write(piece);
      } else {
        const description = describePlan(read, expandWith(read, {}));
        if (flags.json) print(description);
        else process.stdout.write(renderDescription(description));
      }
      finish(EXIT.ok);
    });

  plan
    .command('check')
    .summary('check plan files')
    .description('Checks plan files. Every problem is named with its file, line, column, value and what is allowed.')
    .argument('<plan...>', 'plan files (YAML or JSON); several give one plan together')
    .addHelpText(
      'after',
      '\nExamples:\n  swarm plan check plan.yaml\n  swarm plan check testplan.yaml service_config.yaml',
    )
    .action(async (files: string[]) => {
      const { expandWith, readPlanFiles } = await import('./read-plan.ts');
      const { describePlan } = await import('../plan/describe.ts');
      const { countOf } = await import('../report/style.ts');
      const plan = readPlanFiles(files, note);
      const expanded = expandWith(plan, {});
      const { noop } = describePlan(plan, expanded);
      process.stdout.write(
        `ok: ${countOf(expanded.clusters.length, 'cluster')} with ${countOf(expanded.hostCount, 'host')}\n`,
      );
      if (noop) {
        const { clusters, hosts, memoryMiB, processors } = noop;
        process.stdout.write(
          `no-op agents: ${clusters} of the clusters with ${hosts} of the hosts; while they wait they need ${memoryMiB} MiB of memory and ${processors} of a processor\n`,
        );
      }
      finish(EXIT.ok);
    });

  plan
    .command('schema')
    .summary('print the JSON Schema of plan files')
    .description('Prints the JSON Schema of plan files, for editors that complete and check YAML.')
    .addHelpText('after', '\nExamples:\n  swarm plan schema > plan.schema.json')
    .action(async () => {
      const { planJsonSchema } = await import('../plan/schema.ts');
      print(planJsonSchema());
      finish(EXIT.ok);
    });
  return plan;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
