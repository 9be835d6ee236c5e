/** What a diagnosis finds, and what it is made from. */
import type { BackupFigures, PhaseFigures } from './backup-figures.ts';
import type { BackupPart } from './backup-options.ts';
import type { ClusterLook } from './cluster-look.ts';

/** Headings of the document's chapter, and what comes before any backup. */
export type Topic =
  | 'Workspaces were not created'
  | 'Workspaces did not become ready'
  | 'Workspaces did not stop'
  | 'No backup Jobs were created'
  | 'Workspaces were never attempted'
  | 'Backup Jobs fail'
  | 'Backup Jobs are stuck in Pending'
  | 'The time was not enough';

export interface Finding {
  readonly topic: Topic;
  /** One of the possible causes, in a sentence. */
  readonly cause: string;
  /** What shows it. */
  readonly evidence: readonly string[];
  readonly advice: string;
}

/** What findings are made from. */
export interface Case {
  readonly figures: BackupFigures;
  readonly backup: BackupPart;
  readonly look: ClusterLook;
  /** From the moment the configuration was applied to the end of the watch, in milliseconds of the run's clock; 0 before. */
  readonly watchedMs: number;
  readonly watch: PhaseFigures | undefined;
}

/** A finding as it is shown to people, a line each. */
export function findingLines({ topic, cause, evidence, advice }: Finding): string[] {
  return [`${topic}: ${cause}`, ...evidence.map((line) => `  seen:  ${line}`), `  to do: ${advice}`];
}
