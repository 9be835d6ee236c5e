/**
 * Loaded into every thread of the processes under measurement (`NODE_OPTIONS=--require`): collects all garbage now and then, and
 * appends what is left to the file that HEAP_SAMPLES names, a JSON object a line: wall-clock milliseconds, process, thread, bytes.
 */
const { appendFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { isMainThread, threadId } = require('node:worker_threads');

const { HEAP_SAMPLES: file, HEAP_SAMPLES_EVERY_MS: every } = process.env;

if (file && every) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  setInterval(() => {
    collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    const row = { at: Date.now(), pid: process.pid, thread: threadId, bytes: heapUsed + external };
    appendFileSync(file, `${JSON.stringify(isMainThread ? { ...row, rss, program: process.argv[1] } : row)}\n`);
  }, Number(every)).unref();
}
