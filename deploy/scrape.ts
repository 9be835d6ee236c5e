/** An example of a scrape configuration for Prometheus. */
import { JOB } from './rules.ts';

export const SCRAPE_CONFIG = `# An example of a configuration for Prometheus, made by \`node deploy/write.ts\`: copy what you need.
global:
  # Runs in compressed time are over within minutes, and an outage counts by the second.
  scrape_interval: 5s
  # A generator that is the bottleneck answers late.
  scrape_timeout: 5s

rule_files:
  - rules.yaml

scrape_configs:
  # swarm serve, or a run with --listen. SwarmScrapeMissing knows it by the name of this job.
  - job_name: ${JOB}
    static_configs:
      - targets: ['127.0.0.1:5566']
    # Beyond loopback a daemon asks for its token, which it keeps in daemon.token of its output folder:
    # scheme: https
    # authorization:
    #   credentials_file: /etc/prometheus/swarm.token
    # tls_config:
    #   ca_file: /etc/prometheus/swarm-ca.crt

  # Shards of a plan on Kubernetes (swarm fleet render): pods of a Job, each with its token in a Secret. Prometheus in the cluster
  # needs to read pods and that Secret; mount it, or name it in a PodMonitor (authorization.credentials).
  # - job_name: ${JOB}-fleet
  #   kubernetes_sd_configs:
  #     - role: pod
  #       selectors:
  #         - { role: pod, label: app.kubernetes.io/name=assisted-swarm }
  #   authorization:
  #     credentials_file: /etc/prometheus/fleet/metrics-token
  #   relabel_configs:
  #     - { source_labels: [__meta_kubernetes_pod_container_port_name], regex: metrics, action: keep }
  #     # Pods are called by their shard: NAME-3-x7k2p.
  #     - { source_labels: [__meta_kubernetes_pod_name], target_label: instance }
  #     - { source_labels: [__meta_kubernetes_namespace], target_label: namespace }

  # assisted-service, or \`swarm mock service --listen 127.0.0.1:8090\`.
  - job_name: assisted-service
    static_configs:
      - targets: ['127.0.0.1:8090']

  # What a service in kube-api mode reconciles; its metrics are on a port of their own.
  # - job_name: assisted-service-reconcilers
  #   static_configs:
  #     - targets: ['127.0.0.1:8080']

  # The image service serves images and metrics on one port.
  # - job_name: assisted-image-service
  #   static_configs:
  #     - targets: ['127.0.0.1:8888']
`;
