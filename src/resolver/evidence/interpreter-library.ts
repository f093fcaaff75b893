import type { Rule } from './rule.ts';
import { languageOf } from './runtimes.ts';

const DOCUMENTATION = /^\/usr\/share\/(doc|man|lintian|bug|info)\//;
const MODULE = /\.(pm|py|rb|tcl|lua)$/;

/** A brought back interpreter that ships its language's modules (perl-base) comes whole: which of them it loads is not all in text. */
export const interpreterLibrary: Rule = {
  id: 'interpreter-library',
  explanation: 'an interpreter works only with the library that it ships',
  roles: ['run'],
  loads: true,
  *inspect({ path }, view) {
    const owner = view.trace(path)?.entry.package;
    if (languageOf(path) === undefined || owner === undefined || view.isIn(path)) return;
    const files = view.filesOf(owner);
    if (!files.some((file) => MODULE.test(file.path))) return;
    for (const file of files) {
      if (DOCUMENTATION.test(file.path)) continue;
      const role = /\.so(\.|$)/.test(file.path) ? 'load' : 'data';
      yield { rule: this.id, by: path, needs: file.path, required: true, paths: [file.path], role, bring: true };
    }
  },
};
