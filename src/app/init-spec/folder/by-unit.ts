import type { Draft } from '../draft/draft.ts';
import { portsIn } from '../draft/ports-in.ts';
import type { Project } from '../draft/project.ts';
import { answersOn } from '../draft/web-server.ts';
import type { Declared } from './declaration.ts';
import { INTO, inFolder } from './placed.ts';

const SOURCE = /\.(go|rs|c|cc|cpp|[cm]?[jt]s|py|rb|p[lm]|php|java|kt|cs)$/;
const UNITS = '/etc/systemd/system';

/** A draft that is started by a unit of the folder, laid where systemd looks for an administrator's own. */
export function startedByUnit(
  project: Project,
  draft: Draft,
  { by, unit, into, notes, asksForManager = [] }: Declared,
): Draft {
  const { folder, text } = project;
  const base = inFolder(
    { ...draft, from: { path: folder, into: INTO } },
    { ...(into === undefined ? {} : { into }) },
    project,
  );
  const port = portsIn([text(by) ?? '']).port ?? draft.ports[0];
  const heard = portsIn(project.files.filter((it) => SOURCE.test(it)).map((it) => text(it) ?? ''));
  const answer = port === undefined ? {} : answersOn(port, { ...heard, http: heard.http || draft.http, local: false });
  const init = asksForManager.length > 0 ? ({ init: 'systemd' } as const) : {};
  const why =
    asksForManager.length > 0 ? [`systemd is the init, because ${unit} says ${asksForManager.join(', ')}.`] : [];
  const file = { path: `${UNITS}/${unit!}`, source: `${folder}/${by}`, mode: '0644', owner: 'root', group: 'root' };
  return {
    ...base,
    run: { unit: unit! },
    files: [...(draft.files ?? []), file],
    ...init,
    ...answer,
    notes: [...(port === undefined ? draft.notes : draft.notes.filter((it) => !/console/.test(it))), ...notes, ...why],
  };
}
