/**
 * What a healthy host answers to each instruction, as the bytes of `output`. For the cluster of world.ts, its first host, jitter at
 * its middle and a step that took three seconds. Any kind of agent must answer this way.
 */
import type { StepType } from '../../../model/protocol/states.ts';

export interface StepCase {
  name: string;
  type: StepType;
  args: string[];
  /** `$HOST` stands for the host's id, `$DISK` for its installation disk; null when the text does not matter. */
  output: string | null;
  /** Default 0. */
  exitCode?: number;
  /** What stderr has to contain. */
  error?: string;
}

const REMOTE = 'b0a1c2d3-e4f5-4617-8293-a4b5c6d71001';
const OTHER_REMOTE = 'a0a1c2d3-e4f5-4617-8293-a4b5c6d71001';

export const STEP_CASES: readonly StepCase[] = [
  {
    name: 'one neighbour: L2 only in the own network, L3 always, upper-case MACs lowered',
    type: 'connectivity-check',
    args: [
      `[{"host_id":"${REMOTE}","nics":[{"ip_addresses":["10.3.1.5"],"mac":"02:5A:10:00:00:12","name":"eno1"},{"ip_addresses":["192.0.2.9"],"mac":"02:5a:10:00:01:12","name":"eno2"}]}]`,
    ],
    output: `{"remote_hosts":[{"host_id":"${REMOTE}","l2_connectivity":[{"outgoing_ip_address":"10.3.1.4","outgoing_nic":"enp1s0","remote_ip_address":"10.3.1.5","remote_mac":"02:5a:10:00:00:12","successful":true}],"l3_connectivity":[{"average_rtt_ms":0.375,"remote_ip_address":"10.3.1.5","successful":true},{"average_rtt_ms":0.375,"remote_ip_address":"192.0.2.9","successful":true}],"mtu_report":null}]}`,
  },
  {
    name: 'neighbours and addresses are sorted as texts, prefix lengths are cut off',
    type: 'connectivity-check',
    args: [
      `[{"host_id":"${REMOTE}","nics":[]},{"host_id":"${OTHER_REMOTE}","nics":[{"ip_addresses":["192.0.2.9/24","192.0.2.10"],"mac":"02:5a:10:00:00:13","name":"eno1"}]}]`,
    ],
    output: `{"remote_hosts":[{"host_id":"${OTHER_REMOTE}","l2_connectivity":null,"l3_connectivity":[{"average_rtt_ms":0.375,"remote_ip_address":"192.0.2.10","successful":true},{"average_rtt_ms":0.375,"remote_ip_address":"192.0.2.9","successful":true}],"mtu_report":null},{"host_id":"${REMOTE}","l2_connectivity":null,"l3_connectivity":null,"mtu_report":null}]}`,
  },
  { name: 'nobody to check', type: 'connectivity-check', args: ['[]'], output: '{"remote_hosts":null}' },
  { name: 'no list', type: 'connectivity-check', args: ['{}'], output: '', exitCode: -1, error: 'no list' },
  {
    name: 'everything is free but hosts and gateway, in numerical order',
    type: 'free-network-addresses',
    args: ['["10.3.1.0/28"]'],
    output:
      '[{"free_addresses":["10.3.1.0","10.3.1.2","10.3.1.3","10.3.1.9","10.3.1.10","10.3.1.11","10.3.1.12","10.3.1.13","10.3.1.14","10.3.1.15"],"network":"10.3.1.0/28"}]',
  },
  {
    name: 'an address that is no network',
    type: 'free-network-addresses',
    args: ['["10.3.1.4/28"]'],
    output: '',
    exitCode: 255,
    error: '10.3.1.4/28',
  },
  {
    name: 'sources asked for',
    type: 'ntp-synchronizer',
    args: ['{"ntp_source":"clock1.example.com,192.0.2.123"}'],
    output:
      '{"ntp_sources":[{"source_name":"clock1.example.com","source_state":"synced"},{"source_name":"192.0.2.123","source_state":"combined"}]}',
  },
  { name: 'default sources', type: 'ntp-synchronizer', args: ['{"ntp_source":""}'], output: null },
  {
    name: 'a source that is no name',
    type: 'ntp-synchronizer',
    args: ['{"ntp_source":"a b"}'],
    output: '',
    exitCode: -1,
    error: '"a b"',
  },
  {
    name: 'cluster names, a wildcard and the outside',
    type: 'domain-resolution',
    args: [
      '{"domains":[{"domain_name":"api.c17.example.com"},{"domain_name":"console-openshift-console.apps.c17.example.com"},{"domain_name":"validateNoWildcardDNS.c17.example.com."},{"domain_name":"quay.io"}]}',
    ],
    output:
      '{"resolutions":[{"cnames":["api.c17.example.com."],"domain_name":"api.c17.example.com","ipv4_addresses":["10.3.1.2"],"ipv6_addresses":[]},{"cnames":["console-openshift-console.apps.c17.example.com."],"domain_name":"console-openshift-console.apps.c17.example.com","ipv4_addresses":["10.3.1.3"],"ipv6_addresses":[]},{"cnames":null,"domain_name":"validateNoWildcardDNS.c17.example.com.","ipv4_addresses":[],"ipv6_addresses":[]},{"cnames":["quay.io."],"domain_name":"quay.io","ipv4_addresses":["198.51.100.227"],"ipv6_addresses":[]}]}',
  },
  {
    name: 'a domain without a name',
    type: 'domain-resolution',
    args: ['{"domains":[{}]}'],
    output: '',
    exitCode: -1,
    error: 'domain_name',
  },
  {
    name: 'nobody answers',
    type: 'verify-vips',
    args: ['[{"vip":"10.3.1.2","vip_type":"api"},{"vip":"10.3.1.3","vip_type":"ingress"}]'],
    output:
      '[{"verification":"succeeded","vip":"10.3.1.2","vip_type":"api"},{"verification":"succeeded","vip":"10.3.1.3","vip_type":"ingress"}]',
  },
  { name: 'no VIPs', type: 'verify-vips', args: ['[]'], output: 'null' },
  {
    name: 'characters of markup are escaped in the inner document',
    type: 'verify-vips',
    args: ['[{"vip":"<a&b>","vip_type":"api"}]'],
    output: '[{"verification":"succeeded","vip":"\\u003ca\\u0026b\\u003e","vip_type":"api"}]',
  },
  {
    name: 'speed of the disk asked for',
    type: 'installation-disk-speed-check',
    args: ['{"path":"$DISK"}', '480.00'],
    output: '{"io_sync_duration":1,"path":"$DISK"}',
  },
  {
    name: 'a time limit that is no number',
    type: 'installation-disk-speed-check',
    args: ['{"path":"$DISK"}', 'soon'],
    output: '',
    exitCode: -1,
    error: '"soon"',
  },
  {
    name: 'pulled in the time the step took',
    type: 'container-image-availability',
    args: ['{"images":["quay.io/a/b:v1"],"timeout":960}'],
    output:
      '{"images":[{"download_rate":270.89753233333334,"name":"quay.io/a/b:v1","result":"success","size_bytes":812692597,"time":3}]}',
  },
  {
    name: 'leases',
    type: 'dhcp-lease-allocate',
    args: ['{"api_vip_mac":"00:1A:4a:00:00:01","ingress_vip_mac":"00:1a:4a:00:00:02","interface":"eno1"}'],
    output: null,
  },
  {
    name: 'a MAC that is none',
    type: 'dhcp-lease-allocate',
    args: ['{"api_vip_mac":"x","ingress_vip_mac":"00:1a:4a:00:00:02","interface":"eno1"}'],
    output: '',
    exitCode: -1,
    error: 'api_vip_mac',
  },
  {
    name: 'a server without a thumbprint',
    type: 'tang-connectivity-check',
    args: ['{"tang_servers":"[{\\"url\\":\\"http://tang1.example.com:7500\\"}]"}'],
    output: '{"tang_server_response":null}',
    exitCode: -1,
    error: '1 of 1',
  },
  {
    name: 'no servers',
    type: 'tang-connectivity-check',
    args: ['{"tang_servers":"[]"}'],
    output: '{"is_success":true,"tang_server_response":null}',
  },
  { name: 'nothing to stop', type: 'stop-installation', args: [], output: '' },
  {
    name: 'stop takes nothing',
    type: 'stop-installation',
    args: ['x'],
    output: '',
    exitCode: -1,
    error: 'stop installation cmd accepts 0 params in args, given args [x]',
  },
  {
    name: 'another image',
    type: 'upgrade-agent',
    args: ['{"agent_image":"quay.io/example/agent:v9"}'],
    output: '{"agent_image":"quay.io/example/agent:v9","result":"success"}',
  },
  {
    name: 'boot artifacts',
    type: 'download-boot-artifacts',
    args: [
      '{"host_fs_mount_dir":"/host","initrd_url":"http://x/i","kernel_url":"http://x/k","rootfs_url":"http://x/r"}',
    ],
    output: 'Successfully downloaded boot artifacts',
  },
  {
    name: 'boot artifacts without a kernel',
    type: 'download-boot-artifacts',
    args: ['{"host_fs_mount_dir":"/host","initrd_url":"http://x/i","rootfs_url":"http://x/r"}'],
    output: '',
    exitCode: -1,
    error: 'kernel_url',
  },
  { name: 'an id that is none', type: 'inventory', args: ['x'], output: '', exitCode: -1, error: 'UUID' },
];
