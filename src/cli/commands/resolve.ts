import {
  lockImage,
  resolveClosureOf,
  resolvePackages,
  type SetOutcome,
  specOfPackages,
} from '../../app/prove/resolve-spec.ts';
import { KilnError } from '../../model/error.ts';
import { type Answer, type CommandModule, type Invocation, splitList } from '../command.ts';
import { imageOf } from '../image-argument.ts';
import { formatBytes, type Style, table } from '../style.ts';

/** `kiln resolve SPEC`, `kiln resolve --packages a,b --closure`: the set of packages, and why each is in. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('[spec]', 'an image.yaml, its folder, or the name of a known image')
      .option('--packages <list>', 'these packages, with commas between them, and no spec; the first is what runs')
      .option('--closure', 'only what the relations ask for; nothing is downloaded and no lock written')
      .option('--prove <file>', 'write the proof that the closure is the least; implies --closure');
  },

  async run(invocation): Promise<Answer> {
    const outcome = await outcomeOf(invocation);
    if (outcome.kind === 'unsatisfiable') {
      const hints = outcome.hints.map((it) => `  hint: ${it}`);
      return { data: outcome, lines: [...outcome.explanation, ...hints], status: 1 };
    }
    return { data: outcome, lines: render(outcome, invocation.style) };
  },
};

async function outcomeOf({
  args: [spec],
  options,
  kiln: open,
}: Invocation): Promise<SetOutcome & { reused?: boolean }> {
  const { packages, prove: proofPath } = options as { packages?: string; prove?: string };
  const closure = options.closure === true || proofPath !== undefined;
  if ((spec === undefined) === (packages === undefined)) {
    throw new KilnError('USAGE', 'name a spec or --packages, one of them', { hint: 'kiln resolve --help says more' });
  }
  const kiln = await open();
  if (packages !== undefined) {
    if (!closure) return resolvePackages(kiln.ports, splitList(packages));
    return resolveClosureOf(kiln.ports, specOfPackages(splitList(packages)), { proofPath });
  }
  const image = await imageOf(kiln, spec!);
  if (!closure) return lockImage(kiln.ports, image);
  const { spec: loaded, directory } = await kiln.ports.specs.load(image);
  return resolveClosureOf(kiln.ports, loaded, { proofPath, directory, lock: await kiln.ports.specs.readLock(image) });
}

function render(outcome: Extract<SetOutcome, { kind: 'resolved' }> & { reused?: boolean }, style: Style): string[] {
  const rows = outcome.packages.map((it) => [
    it.name,
    it.version,
    it.files ? `${it.files.length} files` : formatBytes(it.installedSizeKiB * 1024),
    it.layer,
  ]);
  const gap = outcome.installedSizeKiB - outcome.lowerBoundKiB;
  const least = outcome.proven ? 'proven to be the least' : `at most ${formatBytes(gap * 1024)} more than the least`;
  const lock = outcome.lockDigest
    ? [`lock ${outcome.lockDigest.slice(0, 12)}${outcome.reused ? ', unchanged' : ''}`]
    : [];
  return [
    ...table(['package', 'version', 'size>', 'layer'], rows, style),
    '',
    `${outcome.packages.length} packages; the closure has ${formatBytes(outcome.installedSizeKiB * 1024)}, ${least}`,
    `${outcome.excluded.toLocaleString('en')} packages of the archive are not in`,
    ...outcome.unproven.map((it) => `unproven: ${it}`),
    ...lock,
  ];
}
