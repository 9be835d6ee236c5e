/** Why a namespace that is deleted is still there. */
import type { KubeObject } from '../../model/kube/kube-object.ts';

/** What the namespace's own conditions say: kubernetes, pkg/controller/namespace/deletion/status_condition_utils.go. */
export function whyItStays(live: KubeObject | undefined): string {
  const { conditions = [] } = (live?.status ?? {}) as { conditions?: { status: string; message?: string }[] };
  const said = conditions.filter(({ status, message }) => status === 'True' && message).map(({ message }) => message);
  return `it is still being deleted${said.length > 0 ? `: ${said.join('; ')}` : ''}`;
}
