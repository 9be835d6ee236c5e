/** Commands inside the test's own process: quicker than processes, where only words and exit codes matter. */
import { Command } from 'commander';
import { vi } from 'vitest';

export interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
  /** What the command threw; null when it came to an end. */
  error: Error | null;
}

/** Runs one command line; `create` is the command's own maker. Not two at a time: stdout is one. */
export async function runInProcess(
  create: (finish: (code: number) => void) => Command,
  args: readonly string[],
): Promise<Said> {
  const said: Said = { code: null, stdout: '', stderr: '', error: null };
  const take = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    });
  const spies = [take('stdout'), take('stderr')];
  try {
    const program = new Command('swarm').addCommand(
      create((code) => {
        said.code = code;
      }),
    );
    const quiet = (command: Command) => {
      command.exitOverride();
      command.commands.forEach(quiet);
    };
    quiet(program);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    said.error = error as Error;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return said;
}
