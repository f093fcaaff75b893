import { App } from 'aws-cdk-lib';
import { readConfiguration } from '../lib/configuration.ts';
import { checkWithNag } from '../lib/nag.ts';
import { addStacks } from '../lib/stacks.ts';
import { KilnError } from '../src/model/error.ts';

try {
  const app = new App();
  const named: string | undefined = app.node.tryGetContext('configuration');
  addStacks(app, readConfiguration(named ?? 'kiln.config.yaml', named !== undefined));
  checkWithNag(app);
  app.synth();
} catch (error) {
  if (!(error instanceof KilnError)) throw error;
  console.error(`kiln: ${error.message}${error.hint ? `\n  hint: ${error.hint}` : ''}`);
  process.exitCode = 78;
}
