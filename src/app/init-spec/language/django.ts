import type { Project } from '../draft/project.ts';

const MOST_INCLUDES = 4;
/** `path("a/", view)`, `re_path(r"^a/$", view)`, with what it includes. */
const PATTERN = /\b(?:re_)?(?:path|url)\(\s*r?(["'])(.*?)\1\s*,\s*(?:include\(\s*\(?\s*["']([\w.]+)["']|([\w.]+))/g;

/** Whether a folder has an application of Django. */
export function isDjango(project: Project): boolean {
  return project.files.some((it) => /(^|\/)manage\.py$/.test(it));
}

/**
 * A path that a Django application answers by a view of its own: `/` where there is such, else the first; undefined where none
 * stands there in full. What its administration answers is a redirection.
 */
export function djangoPath(project: Project): string | undefined {
  const settings = project.files.filter((it) => /settings/.test(it)).map((it) => project.text(it) ?? '');
  const module = settings.map((it) => /^ROOT_URLCONF\s*=\s*["']([\w.]+)["']/m.exec(it)?.[1]).find(Boolean);
  const all = module === undefined ? [] : pathsOf(project, module, '/', 0);
  return all.includes('/') ? '/' : all[0];
}

function pathsOf(project: Project, module: string, prefix: string, depth: number): string[] {
  const ending = `${module.replaceAll('.', '/')}.py`;
  const file = project.files.find((it) => it === ending || it.endsWith(`/${ending}`));
  const text = (file === undefined ? undefined : project.text(file))?.replace(/^\s*#.*$/gm, '') ?? '';
  return [...text.matchAll(PATTERN)].flatMap(([, , route = '', included, view = '']) => {
    const path = prefix + route.replace(/^\^|\$$/g, '');
    if (!/^\/[\w./-]*$/.test(path) || view.startsWith('admin.')) return [];
    if (included !== undefined) return depth < MOST_INCLUDES ? pathsOf(project, included, path, depth + 1) : [];
    return /^include\b/.test(view) ? [] : [path];
  });
}
