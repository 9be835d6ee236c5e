import { describeProxies } from './testing/proxy-tests.ts';
import { describeTransport } from './testing/shared-tests.ts';
import { createUndiciTransport } from './undici.ts';

describeTransport('undici', createUndiciTransport);
describeProxies('undici', createUndiciTransport);
