import { directoryOf, globExpression, joinPath } from './path.ts';
import type { Demand, Rule, Subject } from './rule.ts';
import type { View } from './view.ts';

const MAX_INCLUDED = 200;
/** Databases of the system, which name programs that are not run for being named. */
const DATABASE =
  /^\/etc\/(passwd|group|shadow|gshadow|shells|services|protocols|nsswitch\.conf|ld\.so\.|mime\.types|login\.defs|ssl\/|ca-certificates|([^/]+\/)?magic$)/;

/** Programs, libraries and further files that the application's own configuration names by path. */
export const configuredPrograms: Rule = {
  id: 'configured-programs',
  explanation: 'the application’s configuration names this',
  roles: ['configuration'],
  *inspect(subject, view) {
    const text = DATABASE.test(subject.path) ? undefined : view.text(subject.path);
    if (text === undefined || text.startsWith('#!')) return;
    for (const [index, raw] of text.split('\n').entries()) {
      const content = raw.replace(/^\s*([#;]|\/\/|--).*/, '');
      for (const demand of lineDemands(content, subject, view)) yield { ...demand, line: index + 1 };
    }
  },
};

function* lineDemands(content: string, { path }: Subject, view: View): Iterable<Demand> {
  const common = { rule: configuredPrograms.id, by: path, required: false, bring: true, quiet: true } as const;
  for (const [word] of content.matchAll(/(?<![\w.$~:/@-])\/[\w.+@*?-]+(?:\/[\w.+@*?[\]-]+)+/g)) {
    if (/[*?[]/.test(word)) yield* included(word, common, view);
    else yield* named(word, common, view);
  }
  const include =
    /^\s*!?(?:include|include_dir|includedir|Include|IncludeOptional|include_if_exists)\s*[= ]\s*["']?([\w.*?/-]+)/.exec(
      content,
    )?.[1];
  if (include && !include.startsWith('/')) yield* included(joinPath(directoryOf(path), include), common, view);
  const module = /\b(?:load_module|LoadModule|module_load)\b.*?["']?([\w./-]+\.so)\b/.exec(content)?.[1];
  if (module && !module.startsWith('/')) {
    const paths = view.named(module.slice(module.lastIndexOf('/') + 1)).filter((it) => it.endsWith(`/${module}`));
    yield { ...common, needs: module, paths, role: 'load', required: true, quiet: false };
  }
}

type Common = Pick<Demand, 'rule' | 'by' | 'required' | 'bring' | 'quiet'>;

function* named(word: string, common: Common, view: View): Iterable<Demand> {
  const entry = view.trace(word)?.entry;
  const demand = { ...common, needs: word, paths: [word] };
  if (entry?.type === 'directory' && /^\/etc\//.test(word) && word.split('/').length > 3)
    yield* included(`${word}/*`, common, view);
  else if (entry?.type !== 'file') {
    if (/^\/(usr\/)?(local\/)?s?bin\/[\w.+-]+$/.test(word)) yield { ...demand, role: 'run', quiet: false };
  } else if (/\.so(\.[\d.]+)?$/.test(word)) yield { ...demand, role: 'load' };
  else if ((entry.mode & 0o111) !== 0) yield { ...demand, role: 'run' };
  else if (word.startsWith('/etc/')) yield { ...demand, role: 'configuration', bring: false };
}

function* included(pattern: string, common: Common, view: View): Iterable<Demand> {
  const folder = directoryOf(pattern);
  const names = view.list(folder).filter((name) => globExpression(joinPath('/', pattern)).test(joinPath(folder, name)));
  const places = names.length > 0 || /[*?[]/.test(pattern) ? names.map((name) => joinPath(folder, name)) : [];
  for (const place of places.slice(0, MAX_INCLUDED)) {
    yield { ...common, needs: pattern, paths: [place], role: 'configuration', bring: false };
  }
}

/** Configuration that a program reads by itself: files below /etc that its data names by path. */
export const configurationFiles: Rule = {
  id: 'configuration-files',
  explanation: 'a program names this configuration file',
  roles: ['run'],
  *inspect({ path }, view) {
    for (const text of view.elfTexts(path)) {
      if (!/^\/etc\/[\w.+-]+(\/[\w.+-]+)*$/.test(text) || view.trace(text)?.entry.type !== 'file') continue;
      const common = { rule: this.id, by: path, needs: text, required: false, quiet: true };
      yield { ...common, paths: [text], role: 'configuration', bring: false };
    }
  },
};
