/** VIPs of a request beside the networks that they are to be in. Upstream: assisted-service, internal/cluster/validations/validations.go, validateVIPAddresses and what it calls. */
import { type AddressLists, isDualStack, networkFamiliesProblem, stackOrderProblem } from '../network/dual-stack.ts';
import { duplicateVipsProblem, vipListsProblem, vipPairProblem, vipPairProblemInAny } from '../network/vip-checks.ts';
import { Hangup } from '../service-api.ts';
import { errorList } from '../validations/error-list.ts';

/** Networking as it is to be; `false` also for what the request leaves as it is. */
export interface VipPlan extends AddressLists {
  readonly version: string;
  readonly userManaged: boolean;
  readonly vipDhcp: boolean;
  readonly loadBalancer: string;
}

/** The first problem of a plan; undefined for a good one. */
export function vipPlanProblem(plan: VipPlan): string | undefined {
  const { apiVips = [], ingressVips = [], version, loadBalancer } = plan;
  return (
    vipListsProblem(apiVips, ingressVips) ??
    duplicateVipsProblem(apiVips, ingressVips, loadBalancer === 'user-managed') ??
    orderProblem(apiVips, 'apiVIPs', version) ??
    orderProblem(ingressVips, 'ingressVips', version) ??
    networkFamiliesProblem(plan, { version, loadBalancer, isDualStack: false }) ??
    (plan.userManaged ? managedVipsProblem(apiVips, ingressVips, plan.vipDhcp) : undefined) ??
    (plan.vipDhcp ? leasedVipsProblem(apiVips, ingressVips) : placeProblem(plan))
  );
}

function orderProblem(vips: readonly string[], what: string, version: string): string | undefined {
  return vips.length === 2 ? stackOrderProblem(vips, what, 'address', version) : undefined;
}

/** Why VIPs cannot be given where users manage the networking. */
export function managedVipsProblem(
  apiVips: readonly string[],
  ingressVips: readonly string[],
  vipDhcp: boolean,
): string | undefined {
  const named = vipDhcp
    ? 'VIP DHCP Allocation'
    : apiVips.length > 0
      ? 'API VIPs'
      : ingressVips.length > 0
        ? 'Ingress VIPs'
        : undefined;
  return named && `${named} cannot be set with User Managed Networking`;
}

/** Why VIPs cannot be given where they come from DHCP. */
export function leasedVipsProblem(apiVips: readonly string[], ingressVips: readonly string[]): string | undefined {
  const named = apiVips.length > 0 ? 'API' : ingressVips.length > 0 ? 'Ingress' : undefined;
  return named && `Setting ${named} VIPs is forbidden when cluster is in vip-dhcp-allocation mode`;
}

function placeProblem(plan: VipPlan): string | undefined {
  const { apiVips = [], ingressVips = [], machineNetworks = [] } = plan;
  if (plan.loadBalancer === 'user-managed') {
    if ([apiVips, ingressVips, machineNetworks].some((list) => list.length === 0)) return undefined;
    return vipPairProblemInAny(apiVips[0]!, ingressVips[0]!, machineNetworks);
  }
  if (machineNetworks.length === 0)
    return isDualStack(plan) ? 'Dual-stack cluster cannot be created with empty Machine Networks' : undefined;
  // Each pair is looked up in the network beside it, whether there is one or not.
  if (apiVips.length > machineNetworks.length) throw new Hangup();
  return errorList(apiVips.flatMap((api, at) => vipPairProblem(api, ingressVips[at]!, machineNetworks[at]!, []) ?? []));
}
