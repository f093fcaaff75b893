import { baseName } from './path.ts';

const RUNTIMES: Readonly<Record<string, RegExp>> = {
  shell: /^(sh|dash|bash|ash|ksh)$/,
  perl: /^perl(5[\d.]*)?$/,
  python: /^python(3[\d.]*)?$/,
  node: /^node(js)?$/,
  ruby: /^ruby([\d.]*)$/,
};

export type Language = 'shell' | 'perl' | 'python' | 'node' | 'ruby';

/** The language whose scripts a program runs, by its name. */
export function languageOf(program: string): Language | undefined {
  const name = baseName(program);
  return Object.keys(RUNTIMES).find((language) => RUNTIMES[language]!.test(name)) as Language | undefined;
}

/** Whether an ELF file is the runtime of a language whose scripts the rules read. */
export function isLanguageRuntime(path: string): boolean {
  return languageOf(path) !== undefined || /^lib(perl|python3|node|ruby-)[\d.]*\.so/.test(baseName(path));
}
