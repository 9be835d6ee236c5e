/** Writes the files for Grafana and Prometheus after a change of the metrics, or of what shows them: `node deploy/write.ts`. */
import { writeFileSync } from 'node:fs';
import { deployFiles } from './files.ts';

for (const [path, content] of deployFiles()) writeFileSync(new URL(path, import.meta.url), content);
