import { posix } from 'node:path';
import { type DockerCopy, type DockerRun, dockerfileOf } from '../../../formats/text/dockerfile.ts';
import type { ExtraFile } from '../../../model/spec.ts';
import { isExecutableFile, type Project } from '../draft/project.ts';
import type { Declared } from './declaration.ts';

/** Folders that are the system's own: an application that works there brings its files one by one. */
const OF_SYSTEM = /^\/(usr\/(s?bin|lib|local\/s?bin)|etc|s?bin|lib)?$/;
/** What builds, fetches or looks around, and does not run with what was built. */
const ONLY_TO_BUILD =
  /-dev$|^(build-essential|gcc|g\+\+|cpp|clang|make|cmake|pkg-config|pkgconf|autoconf|automake|libtool|git|curl|wget|ca-certificates|gnupg\d?|dirmngr|apt-.*|lsb-release|software-properties-common|unzip|xz-utils|vim.*|nano|less|procps|net-tools|iputils-ping|htop|locales|tzdata|sudo|gosu|tini|dumb-init|python3-(pip|venv|setuptools|wheel))$/;

/** A Dockerfile's last stage: its command, and what it lays where. Undefined where there is none, or its base image says how it is run. */
export function dockerOf(project: Project): Declared | undefined {
  const by = ['Dockerfile', 'Containerfile'].find((it) => project.text(it) !== undefined);
  if (by === undefined) return undefined;
  const run = dockerfileOf(project.text(by)!);
  const { argv, text, user, environment, ports } = run;
  if (argv === undefined && text === undefined) return undefined;
  const needed = run.packages.filter((it) => !ONLY_TO_BUILD.test(it));
  const left = run.packages.filter((it) => ONLY_TO_BUILD.test(it));
  return {
    by,
    ...(argv ? { argv } : {}),
    ...(text === undefined ? {} : { text }),
    ...laidBy(project, run),
    ...(user === 'root' ? { user } : {}),
    environment,
    ports,
    packages: needed,
    notes: [
      ...(needed.length > 0 ? [`${by} installs ${needed.join(', ')}: take out what only the build needs.`] : []),
      ...(left.length > 0 ? [`${by} also installs ${left.join(', ')}: add those that it needs while it runs.`] : []),
    ],
  };
}

interface Placed {
  /** Relative to the project; empty for all of it. */
  readonly inside: string;
  readonly isFolder: boolean;
  readonly target: string;
}

/** The folder that goes to the application's place, and the files that lie elsewhere than it puts them. */
function laidBy(project: Project, { copies, workingDirectory }: DockerRun): Pick<Declared, 'into' | 'from' | 'files'> {
  const placed = copies.flatMap((copy) => copy.sources.flatMap((it) => placeOf(project, copy, it) ?? []));
  const place = workingDirectory !== undefined && !OF_SYSTEM.test(workingDirectory) ? workingDirectory : undefined;
  const whole = placed.find((it) => it.inside === '' && !OF_SYSTEM.test(it.target));
  const parts = placed.filter((it) => it.isFolder && it.target === place);
  const part = whole || parts.length !== 1 ? undefined : parts[0]!;
  const into = whole?.target ?? place;
  const from = part?.inside ?? '';
  const files = placed.filter(({ inside, target }) => inside !== from && target !== naturalPlace(into, from, inside));
  return {
    ...(into === undefined ? {} : { into }),
    ...(from === '' ? {} : { from }),
    files: files.filter((it) => it.inside !== '').map((it) => extraFile(project, it)),
  };
}

/** What a source is in the folder: of an earlier stage, what lies at the same place below where that stage works. */
function placeOf(project: Project, { target, from }: DockerCopy, source: string): Placed | undefined {
  const below = from ? (from.workingDirectory ?? undefined) : '/';
  if (below === undefined) return undefined;
  const inside = posix.relative(below, posix.resolve('/', source));
  if (/[*?[]/.test(inside) || inside.startsWith('..') || (inside !== '' && !project.has(inside))) return undefined;
  const isFolder = inside === '' || (project.text(inside) === undefined && project.list(inside).length > 0);
  const isInto = target.endsWith('/') && !isFolder;
  const plain = target.replace(/(?<=.)\/$/, '');
  return { inside, isFolder, target: isInto ? posix.join(plain, posix.basename(inside)) : plain };
}

function naturalPlace(into: string | undefined, from: string, inside: string): string | undefined {
  const relative = posix.relative(from, inside);
  return into === undefined || relative.startsWith('..') ? undefined : posix.join(into, relative);
}

function extraFile(project: Project, { inside, isFolder, target }: Placed): ExtraFile {
  const isProgram = !isFolder && (isExecutableFile(project, inside) || project.text(inside)?.startsWith('#!'));
  const source = `${project.folder}/${inside}`;
  return { path: target, source, mode: isProgram ? '0755' : '0644', owner: 'root', group: 'root' };
}
