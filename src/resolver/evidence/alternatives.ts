import { literalOf, parseShell } from '../../formats/shell/shell.ts';
import { mergedPath } from '../../formats/tree/usr-merge.ts';
import { argumentsOf, turnsOf } from './shell-values.ts';

/** A link that update-alternatives makes while a package is configured, and the program it would lead to. */
export interface Alternative {
  readonly link: string;
  readonly path: string;
  readonly priority: number;
  readonly package: string;
}

/** Alternatives that a package's postinst registers (update-alternatives(1), `--install` and `--slave`), loops over names included. */
export function alternativesOf(packageName: string, postinst: string): Alternative[] {
  const script = parseShell(postinst);
  const program = { scripts: [{ path: 'postinst', script }] };
  const found = script.commands
    .filter(({ words }) => words.some((word) => literalOf(word) === '--install'))
    .flatMap(({ words }) => turnsOf(words, program).map((turn) => argumentsOf(words, program, turn)))
    .flatMap((argv) => installed(argv, packageName));
  return [...new Map(found.map((it) => [`${it.link}\0${it.path}`, it])).values()];
}

function installed(argv: readonly (string | undefined)[], owner: string): Alternative[] {
  const at = argv.indexOf('--install');
  if (!argv[0]?.endsWith('update-alternatives') || at < 0) return [];
  const priority = Number(argv[at + 4] ?? 0) || 0;
  const pairs = [{ link: argv[at + 1], path: argv[at + 3] }];
  for (let slave = argv.indexOf('--slave'); slave >= 0; slave = argv.indexOf('--slave', slave + 1)) {
    pairs.push({ link: argv[slave + 1], path: argv[slave + 3] });
  }
  return pairs.flatMap(({ link, path }) =>
    link?.startsWith('/') && path?.startsWith('/')
      ? [{ link: mergedPath(link), path: mergedPath(path), priority, package: owner }]
      : [],
  );
}
