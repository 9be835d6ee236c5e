import { describeTransport } from './testing/shared-tests.ts';
import { createUndiciTransport } from './undici.ts';

describeTransport('undici', createUndiciTransport);
