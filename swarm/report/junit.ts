/**
 * A run as JUnit XML, as CI systems read it (the form of Jenkins' junit-10.xsd): a test case for each threshold, for each cause that
 * clusters failed of, and for the verdict.
 */
import { escapeText } from './html-text.ts';
import type { KeptSummary } from './kept-summary.ts';
import { countOf } from './style.ts';
import { crossedFirst, crossingSentence, measuredText, thresholdName } from './threshold-text.ts';

interface Case {
  className: string;
  name: string;
  /** First line is the message. Null for a case that passed. */
  failure: string | null;
  skipped: string | null;
  output: string | null;
}

const passed: Pick<Case, 'failure' | 'skipped' | 'output'> = { failure: null, skipped: null, output: null };

export function junitXml(summary: KeptSummary): string {
  const cases = [...thresholdCases(summary), ...clusterCases(summary), verdictCase(summary)];
  const failures = cases.filter(({ failure }) => failure !== null).length;
  const skipped = cases.filter((one) => one.skipped !== null).length;
  const counts = `tests="${cases.length}" failures="${failures}" errors="0"`;
  const time = `time="${summary.wallSeconds.toFixed(3)}"`;
  const properties = Object.entries({ run: summary.run, seed: summary.seed, service: summary.service }).map(
    ([name, value]) => `<property name="${name}" value="${escapeText(value)}"/>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="assisted-swarm" ${counts} ${time}>
<testsuite name="${escapeText(summary.plan)}" ${counts} skipped="${skipped}" ${time} timestamp="${escapeText(summary.startedAt.replace(/\.\d+Z$|Z$/, ''))}">
<properties>${properties.join('')}</properties>
${cases.map(caseXml).join('\n')}
</testsuite>
</testsuites>
`;
}

function thresholdCases(summary: KeptSummary): Case[] {
  return crossedFirst(summary.thresholds).map((one) => ({
    className: `thresholds.${one.figure}`,
    name: `${thresholdName(one)}: ${one.expression}`,
    failure: one.ok === false ? crossingSentence(one, summary) : null,
    skipped: one.ok === null ? 'not evaluated, because nothing was measured for it' : null,
    output: one.ok === null ? null : `measured ${measuredText(one)}`,
  }));
}

/** Causes with their counts; a run without a failed cluster has one case that passed. */
function clusterCases({ failures, failureCauses, clusters }: KeptSummary): Case[] {
  const ofClusters = failureCauses.filter(({ of = 'cluster' }) => of === 'cluster');
  const causes = ofClusters.length > 0 ? ofClusters : byReason(failures);
  if (causes.length === 0) {
    const name = `${countOf(clusters.complete, 'cluster')} complete`;
    return [{ className: 'clusters', name, ...passed }];
  }
  return causes.map(({ cause, count, names }) => {
    const others = count - names.length;
    const list = `${names.join('\n')}${others > 0 ? `\nand ${others} more` : ''}`;
    return { className: 'clusters', name: cause, ...passed, failure: `${count} failed: ${cause}\n${list}` };
  });
}

function byReason(failures: KeptSummary['failures']) {
  const names = new Map<string, string[]>();
  for (const { name, reason } of failures) names.set(reason, [...(names.get(reason) ?? []), name]);
  return [...names].map(([cause, list]) => ({ cause, count: list.length, names: list }));
}

function verdictCase({ verdict, reasons }: KeptSummary): Case {
  const why = reasons.length > 0 ? reasons : ['no reason is given'];
  const bad = verdict === 'failed' || verdict === 'interrupted';
  return {
    ...{ className: 'run', name: 'verdict', ...passed },
    failure: bad ? `${verdict}: ${why.join('\n')}` : null,
    skipped: verdict === null ? 'the run has not ended' : null,
  };
}

function caseXml({ className, name, failure, skipped, output }: Case): string {
  const open = `<testcase classname="${escapeText(className)}" name="${oneLine(name)}"`;
  const inside = [
    ...(failure === null
      ? []
      : [`<failure message="${oneLine(failure.split('\n')[0]!)}" type="failure">${escapeText(failure)}</failure>`]),
    ...(skipped === null ? [] : [`<skipped message="${oneLine(skipped)}"/>`]),
    ...(output === null ? [] : [`<system-out>${escapeText(output)}</system-out>`]),
  ];
  return inside.length === 0 ? `${open}/>` : `${open}>${inside.join('')}</testcase>`;
}

/** An attribute's line breaks would be read as blanks anyway. */
const oneLine = (text: string) => escapeText(text.replace(/\s+/g, ' '));
