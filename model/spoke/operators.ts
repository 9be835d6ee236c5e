/**
 * What follows from time alone once the operators have nodes to run on: phases of the ClusterVersion and of the cluster
 * operators, of ClusterServiceVersions, and the ingress certificate. A view computes them when it is asked, or follows them.
 */
import type { Phase, Sequence } from '../lifecycle/sequence.ts';
import type { Draws } from '../time/random.ts';
import { seconds } from '../time/span.ts';
import type { CLUSTER_OPERATORS, CsvPhase, OperatorPhase, SpokeProfile } from './profiles.ts';
import type { SpokeCluster } from './stages.ts';

export type ClusterOperatorName = (typeof CLUSTER_OPERATORS)[number];

/** Phases of a cluster operator, or of the ClusterVersion: `cvo` as the service names it. */
export function operatorPhases(
  profile: SpokeProfile,
  draws: Draws,
  name: ClusterOperatorName | 'cvo',
): Sequence<OperatorPhase> {
  const draw = draws.random(`spoke/operator/${name}`, 0);
  if (name === 'cvo' || name === 'console') return { phases: profile.operators[name], draw, share: 1 };
  // The console is the last of all operators to settle; the others take a part of its time.
  return { phases: settled(profile.operators.console), draw, share: 0.2 + 0.7 * draws.random(`share/${name}`, 0) };
}

/** Phases of an operator of OLM, from the moment its installation begins. @param purpose names the draw */
export function csvPhases(profile: SpokeProfile, draws: Draws, purpose: string): Sequence<CsvPhase> {
  return { phases: profile.csv, draw: draws.random(`spoke/csv/${purpose}`, 0), share: 1 };
}

/** One phase: the ConfigMap with the certificate is there. No phase where a fault keeps it away. */
export function ingressCertificatePhases({ profile, faults }: SpokeCluster, draws: Draws): Sequence<Phase> {
  const never = faults.some((fault) => fault.ingressCertificate === 'never');
  return {
    phases: never ? [] : [{ after: profile.cluster.ingressCertificate }],
    draw: draws.random('spoke/ingressCertificate', 0),
    share: 1,
  };
}

/** Phases that end well, also where the console's do not. */
function settled(console: readonly OperatorPhase[]): readonly OperatorPhase[] {
  if (console.at(-1)?.status === 'available') return console;
  return [...console.slice(0, 1), { after: seconds(60, 60), status: 'available', message: 'All is well' }];
}
