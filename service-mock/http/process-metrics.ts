/** Figures of the service's process, under the names that Go programs have for theirs. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * This process's own figures, read when somebody asks. Those that /proc has are absent elsewhere. Those of Go's runtime stand for what
 * is most like them here: goroutines for whatever the event loop waits for (connections, timers, requests of our own).
 */
export function addProcessMetrics(registry: Registry, startedAt: () => number): void {
  const add = (name: string, help: string, read: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const value = read();
        if (value !== undefined) this.set(value);
      },
    });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system time of this process in seconds',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  add(
    'go_goroutines',
    'Connections, timers and requests that this process waits for',
    () => process.getActiveResourcesInfo().length,
  );
  add('go_memstats_heap_alloc_bytes', 'Memory of objects in bytes', () => process.memoryUsage().heapUsed);
  add('go_memstats_heap_sys_bytes', 'Memory of the heap in bytes', () => process.memoryUsage().heapTotal);
  add('process_resident_memory_bytes', 'Resident memory of this process in bytes', () => process.memoryUsage.rss());
  add('process_start_time_seconds', 'Start of this process in seconds since the epoch', startedAt);
  if (process.platform !== 'linux') return;
  add('process_open_fds', 'Open file descriptors of this process', openFiles);
  add('process_max_fds', 'Limit of open file descriptors of this process', () =>
    procNumber('/proc/self/limits', /^Max open files\s+(\d+)/m),
  );
  add('process_virtual_memory_bytes', 'Virtual memory of this process in bytes', () => {
    const kilobytes = procNumber('/proc/self/status', /^VmSize:\s+(\d+) kB/m);
    return kilobytes === undefined ? undefined : kilobytes * 1024;
  });
}

/** Linux tells the number as the folder's size since 6.2; before, the folder has to be read, which takes long with many connections. */
function openFiles(): number {
  return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length;
}

function procNumber(file: string, expression: RegExp): number | undefined {
  const found = expression.exec(readFileSync(file, 'utf8'))?.[1];
  return found === undefined ? undefined : Number(found);
}
