import { onDeployedKiln } from '../support/emulator/deployed-kiln.ts';
import { commands } from './deployed/commands.ts';

// Among what `npm run test:aws:faults` runs: an image more is baked and booted, and its tester beside it.
onDeployedKiln('what a deployment may be asked for', (kiln) => commands(kiln));
