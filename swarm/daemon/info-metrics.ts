/** Metrics that say what the other series of the same scrape are of, and what became of lone agents. */
import { redactUrl } from '../plan/redact.ts';
import type { MetricRow, Sample } from '../telemetry/metric-row.ts';
import type { BackupLoad } from './backup-load.ts';
import type { LoneAgents } from './lone-agent.ts';
import type { Run } from './run.ts';

/** What is measured. */
export interface MeasuredNow {
  /** Null while the series are of something else, or there are none. */
  run: Run | null;
  /** The load under way, or the last one. */
  backup: BackupLoad | null;
  agents: LoneAgents;
}

const LABELS = ['kind', 'run', 'plan', 'seed', 'shard', 'service', 'clock_speed', 'state', 'verdict'] as const;

/** Every series of one metric has the same labels. */
const info = (labels: Record<(typeof LABELS)[number], string>): Sample => ({ labels, value: 1 });

function ofRun({ id, plan, state, verdict }: Run): Sample {
  const { name, seed, shard, service, clockSpeed } = plan;
  return info({
    kind: 'run',
    run: id,
    plan: name,
    seed,
    // As --shard takes it, and as pods of an indexed Job are numbered.
    shard: `${shard.index}/${shard.count}`,
    service: redactUrl(service.url),
    clock_speed: String(clockSpeed),
    state,
    verdict: verdict ?? '',
  });
}

function ofBackup({ id, name, figures, state, verdict }: BackupLoad): Sample {
  return info({
    kind: 'backup',
    run: id,
    plan: name,
    seed: id,
    shard: '0/1',
    service: redactUrl(figures?.cluster.server ?? ''),
    clock_speed: figures ? String(figures.clockSpeed) : '',
    state,
    verdict: verdict ?? '',
  });
}

/** Rows for the registry. */
export function infoMetrics(now: () => MeasuredNow): MetricRow[] {
  return [
    {
      name: 'swarm_run_info',
      type: 'gauge',
      help: 'Always 1; the labels name the run that the other series of this scrape are of, and how it stands. Of a backup load: the swarm_backup series.',
      process: () => {
        const { run, backup } = now();
        return [...(run ? [ofRun(run)] : []), ...(backup ? [ofBackup(backup)] : [])];
      },
    },
    {
      name: 'swarm_run_phase',
      type: 'gauge',
      help: 'Always 1; the labels name the phase that the run is in and the step of its load (from 1, else empty).',
      process: () => {
        const { run } = now();
        return run?.part
          ? [{ labels: { run: run.id, phase: run.part.phase, step: String(run.part.step ?? '') }, value: 1 }]
          : [];
      },
    },
    {
      name: 'swarm_lone_agents',
      type: 'gauge',
      help: 'Agents of the control API that were not deleted, by the phase of their host.',
      process: () => {
        const counts = new Map<string, number>();
        for (const { phase } of now().agents.list()) counts.set(phase, (counts.get(phase) ?? 0) + 1);
        return [...counts].map(([phase, value]) => ({ labels: { phase }, value }));
      },
    },
  ];
}
