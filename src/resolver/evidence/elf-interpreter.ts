import type { Rule } from './rule.ts';

/** A dynamically linked program is started by the loader that its PT_INTERP names (System V gABI, chapter 5). */
export const elfInterpreter: Rule = {
  id: 'elf-interpreter',
  explanation: 'a program is started by the dynamic loader that it names',
  roles: ['run'],
  loads: true,
  *inspect({ path }, view) {
    const interpreter = view.elf(path)?.interpreter;
    if (interpreter === undefined) return;
    const common = { rule: this.id, by: path, needs: interpreter, required: true };
    yield { ...common, paths: [interpreter], role: 'load', bring: true };
  },
};
