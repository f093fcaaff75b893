import { shellText } from './command.ts';
import { directoryOf, joinPath } from './path.ts';
import type { Context, Demand, Rule, Subject } from './rule.ts';
import { type Language, languageOf } from './runtimes.ts';
import { sourceOf } from './script-text.ts';
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
        context: { ...context, ...pathFor(language!, place, context), argv: argv.slice(argv.indexOf(script)) },
      };
    }
    for (const [place, role] of sourcesGiven(argv, { path, role: 'run', context }, view)) {
      yield { ...demand, needs: place, paths: [place], role, context: { ...context, argv: [] } };
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

/** Python looks beside its script first, then where the environment says. */
function pathFor(language: Language, script: string, { modulePath }: Context): Pick<Context, 'modulePath'> {
  return language === 'python' && modulePath ? { modulePath: [directoryOf(script), ...modulePath] } : {};
}

/** Endings of sources that a server written in the language loads by their path: `starman app.psgi`, `puma config.ru`. */
const SOURCES: Readonly<Partial<Record<Language, RegExp>>> = {
  perl: /\.(psgi|p[lm])$/,
  python: /\.py$/,
  node: /\.[cm]?js$/,
  ruby: /\.r[ub]$/,
};

function* sourcesGiven(argv: readonly string[], subject: Subject, view: View): Iterable<[string, Language]> {
  for (const language of Object.keys(SOURCES) as Language[]) {
    if (languageOf(subject.path) === language || sourceOf(language, subject, view) === undefined) continue;
    const places = filesNamed(argv.slice(1), subject.context.workingDirectory, view);
    for (const place of places) if (SOURCES[language]!.test(place)) yield [place, language];
  }
}

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
