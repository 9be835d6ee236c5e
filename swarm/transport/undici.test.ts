import { describeTransport } from './transport.shared-tests.ts';
import { createUndiciTransport } from './undici.ts';

describeTransport('undici', createUndiciTransport);
