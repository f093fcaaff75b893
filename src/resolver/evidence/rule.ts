import type { View } from './view.ts';

/** Where running begins. `by` is what says so, such as `image.yaml: application.run`. */
export type Start =
  | { readonly kind: 'unit'; readonly name: string; readonly by: string }
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      readonly by: string;
      readonly user?: string;
      readonly workingDirectory?: string;
      /** Folders of modules that its environment names, such as those of PYTHONPATH. */
      readonly modulePath?: readonly string[];
    }
  | { readonly kind: 'file'; readonly path: string; readonly by: string };

/** One thing that something which can run needs. */
export interface Need {
  /** Identifier of the evidence rule. */
  readonly rule: string;
  /** File that shows the need, or what names the start. */
  readonly by: string;
  /** A path, a soname, a command, a module. */
  readonly needs: string;
  /** Line of `by`, from 1, where it is text. */
  readonly line?: number;
  /** False: it may be needed, and what shows it can do without. */
  readonly required: boolean;
}

/** How a file is used, which decides what it needs in turn. */
export type Role =
  /** Executed. */
  | 'run'
  /** Loaded as a library. */
  | 'load'
  /** Told to be there, whatever it is: run, loaded or read. */
  | 'used'
  /** Given to a shell, by argument. */
  | 'shell'
  | 'perl'
  | 'python'
  | 'node'
  | 'ruby'
  | 'unit'
  | 'pam'
  | 'configuration'
  | 'data';

/** What surrounds a running program, as far as it decides where the things it names are found. */
export interface Context {
  readonly argv?: readonly string[];
  /** Where the command stands that started it. */
  readonly statedBy?: { readonly by: string; readonly line?: number };
  readonly workingDirectory?: string;
  readonly user?: string;
  /** Library folders that a program hands down to what it loads (DT_RPATH). */
  readonly rpath?: readonly string[];
  /** Folders in which a program's modules are looked up before the interpreter's own. */
  readonly modulePath?: readonly string[];
  /** Package of the program whose modules these are; '' for one of nobody's. */
  readonly application?: string;
  /** systemd is the init, and starts units by what they want. */
  readonly manager?: boolean;
  /** What was started so is only wanted, not required. */
  readonly wanted?: boolean;
  /** Named by something of which it is not known that it runs: brings nothing else back. */
  readonly guessed?: boolean;
  /** Name by which a unit is started, with its instance. */
  readonly unit?: string;
}

/** A file together with how it is used. */
export interface Subject {
  readonly path: string;
  readonly role: Role;
  readonly context: Context;
}

/** A need with the places that meet it: the first of `paths` that is there counts. */
export interface Demand extends Need {
  readonly paths: readonly string[];
  readonly role: Role;
  readonly context?: Context;
  /** Brought back from a candidate when nothing else has it; without this it only counts when it is there. */
  readonly bring: boolean;
  /** Not reported where nobody has it. */
  readonly quiet?: boolean;
  /** Counts only when, of each group, one path is in: what is guarded by `[ -x PATH ]`. */
  readonly onlyIf?: readonly (readonly string[])[];
}

/** One kind of evidence: what a subject shows that it needs. Pure. */
export interface Rule {
  readonly id: string;
  readonly explanation: string;
  readonly roles: readonly Role[];
  /** What it finds is likely, not certain: of something that is merely wanted it brings nothing back. */
  readonly likely?: boolean;
  /** Without what it finds the file cannot start at all. */
  readonly loads?: boolean;
  inspect(subject: Subject, view: View): Iterable<Demand>;
}
