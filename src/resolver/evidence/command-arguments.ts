import { shellText } from './command.ts';
import { joinPath } from './path.ts';
import type { Demand, Rule } from './rule.ts';
import { languageOf } from './runtimes.ts';
import { shellTextDemands } from './shell-commands.ts';
import type { View } from './view.ts';

/** What a command's arguments name: a script for its interpreter, the text of `sh -c`, configuration files. */
export const commandArguments: Rule = {
  id: 'command-arguments',
  explanation: 'the command is started with this as an argument',
  roles: ['run'],
  *inspect({ path, context }, view) {
    const argv = context.argv ?? [];
    const text = shellText(argv);
    const { by, line } = context.statedBy ?? { by: path };
    if (text !== undefined) yield* shellTextDemands(text, { by, line: line ?? 1 }, context, view);
    const language = languageOf(path);
    const script = language && text === undefined ? scriptOf(argv) : undefined;
    const demand = { rule: this.id, by, ...(line === undefined ? {} : { line }), required: true, bring: true } as const;
    if (script !== undefined) {
      const place = joinPath(context.workingDirectory ?? '/', script);
      yield {
        ...demand,
        needs: script,
        paths: [place],
        role: language!,
        context: { ...context, argv: argv.slice(argv.indexOf(script)) },
      };
    }
    const archive = argv[argv.indexOf('-jar') + 1];
    if (argv.includes('-jar') && archive !== undefined) {
      yield { ...demand, needs: archive, paths: [joinPath(context.workingDirectory ?? '/', archive)], role: 'data' };
    }
    for (const place of filesNamed(argv.slice(1), context.workingDirectory, view)) {
      yield {
        ...demand,
        needs: place,
        paths: [place],
        role: 'configuration',
        required: false,
        bring: false,
        context: {},
      };
    }
  },
};

/** The first argument that is no option: what an interpreter runs. `-m`, `-c` and `-e` mean that there is none. */
function scriptOf(argv: readonly string[]): string | undefined {
  for (const word of argv.slice(1)) {
    if (/^-[a-zA-Z]*[mceE]$/.test(word)) return undefined;
    if (!word.startsWith('-')) return word;
  }
  return undefined;
}

/** Regular files that are there and that an argument names: `FILE`, `--option=FILE`, `name=FILE`. */
function filesNamed(words: readonly string[], workingDirectory: string | undefined, view: View): string[] {
  return words
    .flatMap((word) => [word, word.slice(word.indexOf('=') + 1)])
    .filter((word) => word.startsWith('/') || (workingDirectory !== undefined && /^[\w.-]+(\/[\w.-]+)*$/.test(word)))
    .map((word) => joinPath(workingDirectory ?? '/', word))
    .filter((place) => view.trace(place)?.entry.type === 'file')
    .map((place): Demand['needs'] => place);
}
