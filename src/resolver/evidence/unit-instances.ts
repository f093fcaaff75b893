import { loadUnit, startsNothing, unitPaths } from '../../formats/system/unit-files.ts';
import type { Rule } from './rule.ts';
import { viewFiles } from './unit-commands.ts';
import { unitIndex } from './unit-index.ts';

/**
 * What runs where a service only stands for others (`postgresql.service` starts `true`): the services that are part of it.
 * Of a template every instance runs the same programs, so it need not be known yet which ones a generator will make.
 */
export const unitInstances: Rule = {
  id: 'unit-instances',
  explanation: 'the unit starts nothing itself; this one is part of it, and runs in its place',
  roles: ['unit'],
  *inspect({ path, context }, view) {
    const name = context.unit ?? '';
    const unit = loadUnit(viewFiles(view), name);
    if (!unit || !startsNothing(unit)) return;
    const required = !context.wanted;
    for (const part of unitIndex(view).partsOf(name)) {
      yield {
        rule: this.id,
        by: path,
        needs: part,
        paths: unitPaths(part),
        role: 'unit',
        required,
        bring: false,
        context: { ...context, unit: part },
      };
    }
  },
};
