import { checkProofDocument, type Expected } from '../../app/prove/check-proof.ts';
import { readProof } from '../../app/prove/proof-document.ts';
import { closureRequest, specOfPackages } from '../../app/prove/resolve-spec.ts';
import { type Answer, type CommandModule, type Invocation, splitList } from '../command.ts';
import { imageOf } from '../image-argument.ts';
import { formatBytes } from '../style.ts';

/** `kiln check-proof PROOF [SPEC]`: replays a proof with a checker that shares nothing with the solver. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<proof>', 'what kiln resolve --prove FILE wrote')
      .argument('[spec]', 'the spec that it must be about; default: what the proof says itself')
      .option('--packages <list>', 'the packages that it must be about, in place of a spec');
  },

  async run(invocation): Promise<Answer> {
    const { ports } = await invocation.kiln();
    const proof = await readProof(invocation.args[0]!);
    const outcome = await checkProofDocument(ports, proof, await expected(invocation));
    if (outcome.kind === 'rejected') {
      return { data: outcome, lines: [`the proof does not hold: ${outcome.reason}`], status: 1 };
    }
    const asked = proof.roots.join(', ');
    const bytes = formatBytes(JSON.stringify(proof.log).length);
    return {
      data: outcome,
      lines: [
        `proven: no valid set for ${asked} is less than these ${proof.packages.length} packages (log of ${bytes})`,
      ],
    };
  },
};

async function expected({ args: [, argument], options, kiln: open }: Invocation): Promise<Expected | undefined> {
  if (options.packages !== undefined) {
    const spec = specOfPackages(splitList(options.packages as string));
    return { ...closureRequest(spec, {}), asker: '--packages' };
  }
  if (argument === undefined) return undefined;
  const kiln = await open();
  const image = await imageOf(kiln, argument);
  const { spec, directory } = await kiln.ports.specs.load(image);
  return closureRequest(spec, { directory, lock: await kiln.ports.specs.readLock(image) });
}
