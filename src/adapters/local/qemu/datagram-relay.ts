import { forwardDatagrams } from './forward-datagrams.ts';

/** A process of its own beside a machine that outlives its launcher: forwards datagrams until the machine ends. Its arguments: the monitor, the forwards as JSON. */
const [monitor, forwards] = process.argv.slice(2);
const forwarding = await forwardDatagrams(monitor!, JSON.parse(forwards!) as Record<number, number>);
await forwarding.ended;
await forwarding.close();
