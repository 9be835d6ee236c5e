/** Conditions and messages of workspaces: devfile/devworkspace-operator, controllers/workspace/status.go and condition.go. */

export interface Condition {
  type: string;
  status: string;
  lastTransitionTime: string;
  message?: string;
  reason?: string;
}

/** What one look at a workspace finds, by type of condition. */
export type Observed = ReadonlyMap<string, { status: 'True' | 'False'; message?: string; reason?: string }>;

/** In this order; others come before. */
const ORDER = [
  'Started',
  'DevWorkspaceResolved',
  'StorageReady',
  'RoutingReady',
  'ServiceAccountReady',
  'PullSecretsReady',
  'KubernetesComponentsProvisioned',
  'DeploymentReady',
  'Ready',
];

/** Times stay where nothing changed; what was not found this time is Unknown. @param now RFC 3339 in whole seconds */
export function syncConditions(existing: readonly Condition[], observed: Observed, now: string): Condition[] {
  const conditions = existing.map((condition): Condition => {
    const { type } = condition;
    const found = observed.get(type);
    if (!found) {
      return condition.status === 'Unknown' ? condition : { type, status: 'Unknown', lastTransitionTime: now };
    }
    const { status, message = '', reason = '' } = found;
    if (condition.status === status && (condition.message ?? '') === message && (condition.reason ?? '') === reason) {
      return condition;
    }
    return condition_(type, found, now);
  });
  const known = new Set(existing.map(({ type }) => type));
  for (const [type, found] of observed) if (!known.has(type)) conditions.push(condition_(type, found, now));
  return conditions.sort((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type));
}

function condition_(
  type: string,
  { status, message, reason }: { status: string; message?: string; reason?: string },
  now: string,
) {
  return {
    type,
    status,
    lastTransitionTime: now,
    ...(message && { message }),
    ...(reason && { reason }),
  };
}

/** The column Info of `kubectl get devworkspaces`. */
export function infoMessage(phase: string, mainUrl: string | undefined, observed: Observed): string {
  const failure = observed.get('Error') ?? observed.get('FailedStart');
  if (failure) return failure.message ?? '';
  if (phase === 'Running') return mainUrl || 'Workspace is running';
  if (phase === 'Stopped' || phase === 'Stopping') return phase;
  const found = ORDER.map((type) => observed.get(type)).filter((condition) => condition !== undefined);
  const shown = found.find(({ status }) => status === 'False') ?? found.findLast(({ status }) => status === 'True');
  return shown?.message ?? '';
}
