const EVENT = 'kiln_exec';

/**
 * Words for a kernel's command line that make it say on the console which program each `execve` asks for, script interpreters included
 * (Linux, kprobetrace.rst). Nothing in the image has a part in it.
 */
export const execTraceWords: readonly string[] = [
  'tp_printk',
  'loglevel=7',
  `kprobe_event=p:${EVENT},do_open_execat,name=+0(+0($arg2)):string`,
];

const LINE = new RegExp(String.raw`\b${EVENT}: \(do_open_execat\S*\) name="([^"]*)"`, 'g');

/** Paths that an instance's programs tried to start, each once, in their order; undefined where the kernel traced nothing. */
export function programsTried(console: string): string[] | undefined {
  const tried = new Set(Array.from(console.matchAll(LINE), ([, path]) => path!));
  return tried.size === 0 ? undefined : [...tried];
}

/** Folders of a usual command path; a shell looks in one after the other. */
const COMMAND_PATH = /^\/(?:usr\/(?:local\/)?)?s?bin\/([^/"\s]+)$/;

/** What the kernel itself starts, before any program of the image could miss it. */
const KERNELS_OWN: ReadonlySet<string> = new Set(['/init', '/sbin/modprobe']);

/** The same as complaints of programs that are not found; one that was looked for along the command path is called by its name alone. */
export function complaintsOf(tried: readonly string[]): string[] {
  const asked = tried.filter((it) => /^\/[^"\s]+$/.test(it) && !KERNELS_OWN.has(it));
  const byName = Map.groupBy(asked, (it) => COMMAND_PATH.exec(it)?.[1] ?? it);
  return [...byName].map(([name, paths]) =>
    paths.length > 1 ? `execve: ${name}: not found` : `execve of "${paths[0]}": No such file or directory`,
  );
}
