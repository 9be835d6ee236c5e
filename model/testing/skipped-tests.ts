/** A reporter of Vitest that ends a run with what was skipped, and why. */
import { relative } from 'node:path';
import type { TestModule } from 'vitest/node';

const REASON = / \[skipped: (.*?)\]/;

/** Skipped tests by reason: `lines` of which each names a file, a suite and how many tests of it. */
export function skippedTests(modules: readonly TestModule[], root: string): string {
  const reasons = new Map<string, Map<string, number>>();
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      const [, reason = 'no reason is given'] = REASON.exec(test.fullName) ?? [];
      const suite = test.fullName.replace(REASON, '').split(' > ')[0]!;
      const suites = reasons.get(reason) ?? new Map<string, number>();
      const name = `${relative(root, module.moduleId)} > ${suite}`;
      reasons.set(reason, suites.set(name, (suites.get(name) ?? 0) + 1));
    }
  }
  const sum = (suites: ReadonlyMap<string, number>) => [...suites.values()].reduce((all, count) => all + count, 0);
  return [...reasons]
    .map(([reason, suites]) => {
      const lines = [...suites].map(([name, count]) => `  ${name} (${count})\n`).join('');
      return `${sum(suites)} skipped: ${reason}\n${lines}`;
    })
    .join('\n');
}

export default class SkippedTests {
  onTestRunEnd(modules: readonly TestModule[]): void {
    // Who asks for tests by name knows that the others are skipped.
    if (process.argv.some((argument) => /^(-t|--testNamePattern)/.test(argument))) return;
    const text = skippedTests(modules, process.cwd());
    if (text !== '') process.stdout.write(`\n${text}\n`);
  }
}
