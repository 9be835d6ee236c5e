/** Labels, annotations and finalizers that the service and its users agree on. Upstream: assisted-service, api/v1beta1 and controllers/. */

const GROUP = 'agent-install.openshift.io';

/** On Agents, BareMetalHosts and PreprovisioningImages: the name of their InfraEnv. Upstream: infraenv_types.go. */
export const INFRA_ENV_LABEL = `infraenvs.${GROUP}`;

/** On Secrets and ConfigMaps whose changes are followed. Upstream: common.go. */
export const WATCH_LABEL = `${GROUP}/watch`;
export const BACKUP_LABEL = 'cluster.open-cluster-management.io/backup';

/** On an AgentClusterInstall: who asked for the cluster. Upstream: agentclusterinstall_types.go. */
export const CONSUMER_LABEL = `agentclusterinstalls.${GROUP}/consumer`;

/** Upstream: infraenv_controller.go, agent_controller.go, clusterdeployments_controller.go. */
export const INFRA_ENV_FINALIZER = `infraenv.${GROUP}/ai-deprovision`;
export const AGENT_FINALIZER = `agent.${GROUP}/ai-deprovision`;
export const CLUSTER_DEPLOYMENT_FINALIZER = `clusterdeployments.${GROUP}/ai-deprovision`;
export const CLUSTER_INSTALL_FINALIZER = `agentclusterinstall.${GROUP}/ai-deprovision`;

/** On an InfraEnv: labels of nodes that its Agents inherit; on an Agent: those it inherited. Upstream: infraenv_controller.go. */
export const PROPAGATE_NODE_LABELS = `infraenv.${GROUP}/propagate-node-labels`;
export const INHERITED_NODE_LABELS = `agent.${GROUP}/inherited-node-labels`;

/** On an AgentClusterInstall. Upstream: clusterdeployments_controller.go. */
export const INSTALL_CONFIG_OVERRIDES = `${GROUP}/install-config-overrides`;
export const IGNORED_CLUSTER_VALIDATIONS = `${GROUP}/ignored-cluster-validations`;
export const IGNORED_HOST_VALIDATIONS = `${GROUP}/ignored-host-validations`;
/** On a ClusterDeployment: `true` holds the installation. */
export const RECONCILE_PAUSE = 'hive.openshift.io/reconcile-pause';

/** On an Agent. Upstream: agent_controller.go. */
export const SKIP_SPOKE_CLEANUP = `agent.${GROUP}/skip-spoke-cleanup`;
export const AGENT_STATE = `agent.${GROUP}/state`;
export const AGENT_ROLE = `agent.${GROUP}/role`;
export const AGENT_INVENTORY = `agent.${GROUP}/inventory`;
export const AGENT_VALIDATIONS_INFO = `agent.${GROUP}/validations-info`;
export const AGENT_CURRENT_STAGE = `agent.${GROUP}/current-stage`;
export const CLUSTER_NAMESPACE_LABEL = `${GROUP}/clusterdeployment-namespace`;
export const BMH_LABEL = `${GROUP}/bmh`;
const INVENTORY = `inventory.${GROUP}`;
export const INVENTORY_VERSION = `${INVENTORY}/version`;
export const NON_ROTATIONAL_LABEL = `${INVENTORY}/storage-hasnonrotationaldisk`;
export const CPU_ARCHITECTURE_LABEL = `${INVENTORY}/cpu-architecture`;
export const CPU_VIRTUALIZATION_LABEL = `${INVENTORY}/cpu-virtenabled`;
export const MANUFACTURER_LABEL = `${INVENTORY}/host-manufacturer`;
export const PRODUCT_LABEL = `${INVENTORY}/host-productname`;
export const VIRTUAL_LABEL = `${INVENTORY}/host-isvirtual`;
