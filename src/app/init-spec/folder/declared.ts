import { asksForManager } from '../../../baker/runtime/manager-only.ts';
import { parseEnvironmentFile, parseExec, parseUnit, unitValue } from '../../../formats/system/unit.ts';
import type { Project } from '../draft/project.ts';
import type { Declared } from './declaration.ts';
import { dockerOf } from './docker.ts';

/** A unit of the folder, a Procfile's `web`, or a Dockerfile's last stage: the first that is there. */
export function declaredRun(project: Project): Declared | undefined {
  return unitOf(project) ?? procfileOf(project) ?? dockerOf(project);
}

/** Variables of `.env` that are no secrets, and the names of those that look like one. */
export function environmentFile(project: Project): { variables: Record<string, string>; secrets: string[] } {
  const all = [...parseEnvironmentFile(project.text('.env') ?? '')];
  const isSecret = ([name, value]: [string, string]) =>
    /SECRET|PASS|TOKEN|KEY|CREDENTIAL|PRIVATE|DSN/i.test(name) || /:\/\/[^/\s:]*:[^/\s@]+@/.test(value);
  return {
    variables: Object.fromEntries(all.filter((it) => !isSecret(it))),
    secrets: all.filter(isSecret).map(([name]) => name),
  };
}

function unitOf(project: Project): Declared | undefined {
  const units = project.files.filter((it) => /(^|\/)[^/@]+\.service$/.test(it));
  const [by] = units;
  if (by === undefined) return undefined;
  const entries = parseUnit(project.text(by) ?? '');
  const [command] = parseExec(unitValue(entries, 'Service', 'ExecStart') ?? '');
  if (!command) return undefined;
  const into = folderOf(project, command.argv, unitValue(entries, 'Service', 'WorkingDirectory'));
  // It names the link that npm makes there for all to find; the folder itself lies elsewhere.
  if (project.has('package.json') && /^\/usr(\/local)?$/.test(into ?? '')) return undefined;
  return {
    by,
    unit: by.slice(by.lastIndexOf('/') + 1),
    argv: command.argv,
    asksForManager: asksForManager(entries, by.slice(by.lastIndexOf('/') + 1)),
    ...(into === undefined ? {} : { into }),
    environment: {},
    ports: [],
    notes: units.length > 1 ? [`The folder also has ${units.slice(1).join(', ')}.`] : [],
  };
}

/** Where the folder has to lie so that the absolute paths of a command are in it. */
function folderOf(project: Project, words: readonly string[], working: string | undefined): string | undefined {
  for (const word of words.filter((it) => it.startsWith('/'))) {
    const parts = word.split('/').slice(1);
    for (let at = 1; at < parts.length; at++) {
      if (project.has(parts.slice(at).join('/'))) return `/${parts.slice(0, at).join('/')}`;
    }
  }
  return working?.startsWith('/') ? working : undefined;
}

function procfileOf(project: Project): Declared | undefined {
  const lines = (project.text('Procfile') ?? '').split('\n').flatMap((line) => {
    const match = /^([\w-]+):\s*(\S.*)$/.exec(line);
    return match ? [{ name: match[1]!, text: match[2]!.trim() }] : [];
  });
  const chosen = lines.find((it) => it.name === 'web') ?? lines[0];
  if (!chosen) return undefined;
  const others = lines.filter((it) => it !== chosen).map((it) => it.name);
  return {
    by: 'Procfile',
    text: chosen.text,
    environment: {},
    ports: [],
    notes:
      others.length > 0 ? [`An image runs one service: ${others.join(', ')} of the Procfile would be others.`] : [],
  };
}
