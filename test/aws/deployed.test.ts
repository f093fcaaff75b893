import { callCounts } from '../support/emulator/call-counts.ts';
import { onDeployedKiln } from '../support/emulator/deployed-kiln.ts';
import { bundles } from './deployed/bundles.ts';
import { fleet } from './deployed/fleet.ts';
import { pipeline } from './deployed/pipeline.ts';
import { refusals } from './deployed/refusals.ts';
import { sameAsLocal } from './deployed/same-as-local.ts';
import { triggers } from './deployed/triggers.ts';

const counts = callCounts();
/** Bakes are cut short while it is set. */
const clock = { minuteMs: 60_000 };

// One deployment and one image go through all of it: each part goes on from where the one before it left them.
onDeployedKiln(
  'deployed to the emulator',
  (kiln) => {
    bundles(kiln);
    pipeline(kiln, counts, clock);
    sameAsLocal(kiln);
    triggers(kiln);
    fleet(kiln);
    refusals(kiln);
  },
  { routes: [counts.route], minuteMs: () => clock.minuteMs },
);
