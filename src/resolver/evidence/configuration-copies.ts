import { parseShell } from '../../formats/shell/shell.ts';
import { mergedPath } from '../../formats/tree/usr-merge.ts';
import { argumentsOf, turnsOf } from './shell-values.ts';

const COPIERS = /^(?:\/usr)?(?:\/bin\/)?(ucf|cp|install)$/;

/**
 * Configuration files that a package's postinst makes by copying one that the package ships elsewhere (`ucf NEW /etc/x.conf`):
 * where to, and from where. Loops over names count; what a text computes does not.
 */
export function configurationCopies(postinst: string): [target: string, source: string][] {
  const script = parseShell(postinst);
  const program = { scripts: [{ path: 'postinst', script }] };
  const found = script.commands.flatMap(({ words }) =>
    turnsOf(words, program).flatMap((turn) => copied(argumentsOf(words, program, turn))),
  );
  return [...new Map(found)];
}

function copied(argv: readonly (string | undefined)[]): [string, string][] {
  if (!COPIERS.test(argv[0] ?? '')) return [];
  const [source, target] = argv.slice(1).filter((word) => word?.startsWith('/')) as string[];
  if (!source || !target?.startsWith('/etc/') || source.startsWith('/etc/')) return [];
  return [[mergedPath(target), mergedPath(source)]];
}
