import { PRIVATE_PROGRAMS } from './elf-executables.ts';
import { joinPath } from './path.ts';
import type { Rule } from './rule.ts';
import type { View } from './view.ts';

const MAX_DEPTH = 2;

/** Programs in an application's own folders that a script names as a text: it puts the path of one together itself. */
export const programFolders: Rule = {
  id: 'program-folders',
  explanation: 'a script names the folder below which this program lies',
  roles: ['run', 'perl', 'python', 'shell'],
  likely: true,
  *inspect({ path }, view) {
    const text = view.text(path);
    if (
      text === undefined ||
      /^\/usr\/(lib|share)\/(python3|perl|[^/]+-linux-gnu\/perl)/.test(path.replace('/perl5/', '/'))
    )
      return;
    const found = new Set(
      [...text.matchAll(/["'=](\/usr\/(?:lib|libexec|local\/lib)\/[\w.+-]+(?:\/[\w.+-]+)*)\/?(?=["'$\s;])/g)].map(
        ([, it]) => it!,
      ),
    );
    for (const folder of found) {
      for (const program of programsBelow(folder, view, 0)) {
        yield {
          rule: this.id,
          by: path,
          needs: folder,
          paths: [program],
          role: 'run',
          required: false,
          bring: false,
          quiet: true,
        };
      }
    }
  },
};

function programsBelow(folder: string, view: View, depth: number): string[] {
  if (depth > MAX_DEPTH || /^\/usr\/lib(exec)?(\/[^/]+-linux-gnu[^/]*)?$/.test(folder)) return [];
  const isPrograms = PRIVATE_PROGRAMS.test(folder);
  return view.list(folder).flatMap((name) => {
    const place = joinPath(folder, name);
    const entry = view.trace(place)?.entry;
    if (entry?.type === 'directory') return programsBelow(place, view, depth + 1);
    return isPrograms && entry?.type === 'file' && (entry.mode & 0o111) !== 0 ? [place] : [];
  });
}
