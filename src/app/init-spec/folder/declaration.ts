import type { ExtraFile } from '../../../model/spec.ts';

/** What a folder's own files say of how it is run, whatever it is written in. */
export interface Declared {
  /** File that says so. */
  readonly by: string;
  /** As a shell would read it. */
  readonly text?: string;
  /** Program and arguments, where they are told apart. */
  readonly argv?: readonly string[];
  /** Name of a unit of the folder, which is the file `by`. */
  readonly unit?: string;
  /** Folder in which the application lies where it is said. */
  readonly into?: string;
  /** Folder of the project, relative to it, whose content lies there; default: the project's own. */
  readonly from?: string;
  /** Files of the project that lie elsewhere. */
  readonly files?: readonly ExtraFile[];
  /** Packages that it is said to be installed with. */
  readonly packages?: readonly string[];
  /** Settings of the unit that only systemd honours. */
  readonly asksForManager?: readonly string[];
  readonly user?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
  /** What the reader of the draft has to know of it. */
  readonly notes: readonly string[];
}
