import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Build } from '../../model/build.ts';
import { errorName, withFaults } from './aws-fault.ts';
import { RETRIES } from './aws-ports.ts';

export interface LogLine {
  readonly at: string;
  /** Last part of the log group: `plan-build`. */
  readonly from: string;
  readonly text: string;
}

/** Functions that a build goes through, in their order, as their log groups are called. */
const STEPS = ['plan-build', 'resolve-image', 'bake-from-parent', 'validate-image', 'register-image', 'test-image'];
const LATER_STEPS = ['judge-image', 'ask-approval', 'share-image', 'publish-image', 'end-build'];
const BAKER = 'bake-image';
const A_DAY_MS = 24 * 3_600_000;

/** What functions wrote of a build, and all of its bakes' own logs, oldest first. */
export async function buildLogs(deployment: string, build: Build): Promise<LogLine[]> {
  const client = withFaults(new CloudWatchLogsClient(RETRIES));
  const startTime = Date.parse(build.requestedAt);
  const endTime = build.endedAt ? Date.parse(build.endedAt) + 60_000 : startTime + A_DAY_MS;
  const about = { startTime, endTime, filterPattern: `"${build.id}"` };
  const functions = [...STEPS, ...LATER_STEPS].map((from) =>
    linesOf(client, { ...about, logGroupName: `/aws/lambda/${deployment}-${from}` }, from),
  );
  const found = await Promise.all([...functions, bakes(client, `/aws/codebuild/${deployment}-${BAKER}`, about)]);
  return found.flat().sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

type Range = { readonly startTime: number; readonly endTime: number; readonly filterPattern?: string };

/** The baker names its build once, as it begins: the streams in which it does are its bakes. */
async function bakes(client: CloudWatchLogsClient, logGroupName: string, about: Range): Promise<LogLine[]> {
  const named = await eventsOf(client, { ...about, logGroupName });
  const logStreamNames = [...new Set(named.map((it) => it.logStreamName ?? ''))].filter((it) => it !== '');
  if (logStreamNames.length === 0) return [];
  const { startTime, endTime } = about;
  return linesOf(client, { startTime, endTime, logGroupName, logStreamNames }, BAKER);
}

type Wanted = Range & { readonly logGroupName: string; readonly logStreamNames?: string[] };

async function linesOf(client: CloudWatchLogsClient, wanted: Wanted, from: string): Promise<LogLine[]> {
  const events = await eventsOf(client, wanted);
  return events.map((it) => {
    return { at: new Date(it.timestamp ?? 0).toISOString(), from, text: (it.message ?? '').trimEnd() };
  });
}

interface Event {
  readonly timestamp?: number;
  readonly message?: string;
  readonly logStreamName?: string;
}

async function eventsOf(client: CloudWatchLogsClient, wanted: Wanted): Promise<Event[]> {
  const found: Event[] = [];
  let nextToken: string | undefined;
  try {
    do {
      const page = await client.send(new FilterLogEventsCommand({ ...wanted, nextToken }));
      found.push(...(page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  } catch (error) {
    // A function that never ran has no log yet.
    if (errorName(error) !== 'ResourceNotFoundException') throw error;
  }
  return found;
}
