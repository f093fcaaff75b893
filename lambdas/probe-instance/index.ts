import { askHttp, askTcp } from '../../src/adapters/local/probe.ts';
import { type Asking, makeHandler } from './handler.ts';

/** As on one machine, but that here nothing stands between it and the guest: whoever accepts is the guest. */
const asking: Asking = {
  http: askHttp,
  tcp: (at, wanted, signal) => askTcp(at, wanted, async () => true, signal),
};

export const handler = makeHandler(asking);
