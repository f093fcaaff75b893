import type { Draft } from '../draft/draft.ts';
import type { Project } from '../draft/project.ts';

/** A database in one file, or files that are written beside the sources: what needs a folder that the service may write to. */
const WRITES =
  /\bsqlite:\/\/\/(?!:)|["']sqlite:(?!:)|\bsqlite3?\.(?:connect|Database|open)\s*\(\s*(?!["']:memory:)|django\.db\.backends\.sqlite3|new\s+(?:Database|DatabaseSync|SQLite3)\s*\(\s*(?!["']:memory:)|\bfs\.(?:promises\.)?(?:writeFile|appendFile|mkdir|createWriteStream)|\bopen\([^()\n]*,\s*["'][wax]b?\+?["']|\bos\.(?:Create|WriteFile|MkdirAll)\(|\bFile\.(?:write|open\([^()\n]*["'][wa])|file_put_contents\s*\(|UPLOAD_FOLDER|diskStorage\(/;
/** Whom Debian's own units of web servers run applications as. */
const USER_OF: Readonly<Record<string, string>> = { 'apache2.service': 'www-data', 'nginx.service': 'www-data' };
const SOURCE = /\.(py|[cm]?[jt]s|rb|p[lm]|psgi|php|go|rs)$/;

/** A draft whose folder is the service's own where the application writes into it, told with the file that shows it. */
export function withOwner(project: Project, draft: Draft): Draft {
  const user = 'command' in draft.run ? draft.run.user : USER_OF[draft.run.unit];
  if (user === undefined || user === 'root' || !draft.from) return draft;
  const by = project.files.find((it) => SOURCE.test(it) && WRITES.test(project.text(it) ?? ''));
  if (by === undefined) return draft;
  const note = `${by} writes files, so the folder is ${user}’s: keep what changes in a folder of its own (\`run.directories\`) if you can.`;
  return { ...draft, from: { ...draft.from, owner: user, group: user }, notes: [...draft.notes, note] };
}
