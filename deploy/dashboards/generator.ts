/** Is the generator itself the bottleneck, and what does it take? */
import type { DashboardSpec, RowSpec } from '../dashboard.ts';
import { loadTable, percentiles, RUN_ANNOTATIONS, target } from '../panels.ts';
import { DAEMON, loadVariables, RUN } from '../scopes.ts';

const THREAD = { by: ['instance', 'thread'] };
const THREAD_LEGEND = '{{instance}} {{thread}}';

const BOTTLENECK: RowSpec = {
  title: 'Is the generator the bottleneck?',
  panels: [
    loadTable('run'),
    {
      title: 'Saturated, by reason',
      as: 'states',
      width: 16,
      targets: [target(RUN.most('swarm_generator_saturated', { by: ['reason'] }), '{{reason}}')],
      note: 'Latencies measured while a band is coloured are those of the generator.',
    },
    { title: 'Lateness of polls', targets: percentiles(RUN, 'swarm_poll_lateness_seconds') },
    {
      title: 'Event loops, busy share',
      targets: [target(RUN.most('swarm_event_loop_utilization_ratio', THREAD), THREAD_LEGEND)],
    },
    {
      title: 'Event loops, longest stall',
      targets: [target(RUN.most('swarm_event_loop_lag_seconds', THREAD), THREAD_LEGEND)],
    },
    {
      title: 'What went wrong, by kind',
      targets: [target(RUN.rate('swarm_errors_total', { by: ['kind'] }), '{{kind}}')],
    },
  ],
};

const COST: RowSpec = {
  title: 'What it takes',
  panels: [
    {
      title: 'Processor',
      as: 'stacked',
      targets: [target(DAEMON.rate('swarm_cpu_seconds_total', { by: ['instance', 'mode'] }), '{{instance}} {{mode}}')],
    },
    {
      title: 'Memory',
      targets: [target(DAEMON.most('swarm_memory_bytes', { by: ['instance', 'kind'] }), '{{instance}} {{kind}}')],
    },
    {
      title: 'JavaScript heaps',
      as: 'stacked',
      targets: [target(RUN.most('swarm_heap_bytes', THREAD), THREAD_LEGEND)],
    },
    {
      title: 'Connections',
      targets: [target(RUN.total('swarm_connections_open', { by: ['instance'] }), '{{instance}}')],
    },
    {
      title: 'Connections opened and closed',
      targets: [
        target(RUN.rate('swarm_connections_opened_total'), 'opened'),
        target(RUN.rate('swarm_connections_closed_total'), 'closed'),
      ],
    },
    {
      title: 'Bytes sent and received',
      targets: [
        target(RUN.rate('swarm_sent_bytes_total'), 'sent'),
        target(RUN.rate('swarm_received_bytes_total'), 'received'),
      ],
    },
    { title: 'Clock speed', targets: [target(RUN.most('swarm_clock_speed', { by: ['instance'] }), '{{instance}}')] },
    {
      title: 'Lone agents',
      as: 'stacked',
      targets: [target(DAEMON.total('swarm_lone_agents', { by: ['phase'] }), '{{phase}}')],
    },
    {
      title: 'Versions',
      targets: [
        target(
          DAEMON.most('swarm_build_info', { by: ['instance', 'version', 'node'] }),
          '{{instance}} {{version}}, Node.js {{node}}',
        ),
      ],
    },
  ],
};

const PROGRAM = { by: ['program'] };

const STOCK_PROGRAMS: RowSpec = {
  title: 'Stock programs of no-op hosts',
  closed: true,
  panels: [
    {
      title: 'Processor, by program',
      as: 'stacked',
      targets: [target(RUN.rate('swarm_noop_cpu_seconds_total', PROGRAM), '{{program}}')],
    },
    {
      title: 'Memory, by program',
      targets: [target(RUN.total('swarm_noop_memory_bytes', { by: ['program', 'kind'] }), '{{program}} {{kind}}')],
    },
    { title: 'Restarts', targets: [target(RUN.total('swarm_noop_restarts_total', PROGRAM), '{{program}}')] },
    {
      title: 'Ends that nobody asked for',
      targets: [target(RUN.total('swarm_noop_exits_total', { by: ['program', 'code'] }), '{{program}} {{code}}')],
    },
    {
      title: 'Processor of what drives them',
      as: 'stacked',
      targets: [target(RUN.rate('swarm_noop_driver_cpu_seconds_total', { by: ['part'] }), '{{part}}')],
    },
    {
      title: 'Memory of what drives them',
      targets: [target(RUN.total('swarm_noop_driver_memory_bytes', { by: ['kind'] }), '{{kind}}')],
    },
  ],
};

export const GENERATOR: DashboardSpec = {
  uid: 'assisted-swarm-generator',
  title: 'assisted-swarm: generator',
  description: 'Whether the load generator itself is the bottleneck, and what it takes.',
  variables: loadVariables('run'),
  annotations: RUN_ANNOTATIONS,
  rows: [BOTTLENECK, COST, STOCK_PROGRAMS],
};
