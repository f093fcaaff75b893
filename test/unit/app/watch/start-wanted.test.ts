import { expect, test } from 'vitest';
import { startWanted, type WantedBuild } from '../../../../src/app/watch/start-wanted.ts';
import type { Cause } from '../../../../src/model/build.ts';
import { KilnError } from '../../../../src/model/error.ts';
import { FLEET_FROM } from '../../../../src/ports/executions.ts';

const updated: Cause = { kind: 'component' };
const due: Cause = { kind: 'schedule' };

/** Starts builds; tells what was started, which images were remembered, and what was in trouble. */
async function starting(causes: readonly Cause[], { fleets = true, fault }: { fleets?: boolean; fault?: Error } = {}) {
  const said: string[] = [];
  const kept: string[] = [];
  const begin = async (text: string) => {
    if (fault) throw fault;
    said.push(text);
  };
  const executions = {
    isRunning: async () => false,
    start: ({ image, cause }: { image: string; cause: Cause }) => begin(`${image} ${cause.kind}`),
    ...(fleets
      ? {
          startFleet: ({ images, cause }: { images: readonly string[] | 'all'; cause: Cause }) =>
            begin(`${images.length} ${cause.kind}`),
        }
      : {}),
  };
  const wanted = causes.map((cause, at): WantedBuild => {
    const image = `i${at}`;
    return { image, cause, remember: async () => void kept.push(image), saw: async () => undefined };
  });
  const { started, troubled } = await startWanted({ executions, clock: { now: () => 0 } }, wanted);
  return { said, kept: kept.length, started: started.length, troubled: troubled.length };
}

const many = (cause: Cause, count: number) => Array.from({ length: count }, () => cause);

test.each([
  { summary: 'a few are started one by one', causes: [updated, due], want: ['i0 component', 'i1 schedule'] },
  { summary: 'many of one cause are one fleet', causes: many(updated, FLEET_FROM), want: [`${FLEET_FROM} component`] },
  {
    summary: 'others are none of it',
    causes: [...many(updated, 30), due],
    want: ['30 component', 'i30 schedule'],
  },
])('$summary', async ({ causes, want }) => {
  const { said, kept, started } = await starting(causes);
  expect(said).toEqual(want);
  expect([kept, started]).toEqual([causes.length, causes.length]);
});

test('where there is no machine for fleets each is started', async () => {
  expect((await starting(many(updated, 30), { fleets: false })).said).toHaveLength(30);
});

test.each([
  { summary: 'what may pass is found again', fault: new KilnError('THROTTLED', 'later'), kept: 0 },
  { summary: 'what fails for good is not tried at every look', fault: new Error('no such machine'), kept: 25 },
])('a fleet that cannot be started: $summary', async ({ fault, kept }) => {
  expect(await starting(many(updated, 25), { fault })).toEqual({ said: [], kept, started: 0, troubled: 25 });
});
