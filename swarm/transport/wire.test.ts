import { describeProxies } from './testing/proxy-tests.ts';
import { describeTransport } from './testing/shared-tests.ts';
import { createWireTransport } from './wire.ts';

describeTransport('wire', createWireTransport);
describeProxies('wire', createWireTransport);
