/** A command of a service. */
export interface ServiceCommand {
  readonly argv: readonly string[];
  /** Its failure does not stop what follows (`-` of systemd.service(5)). */
  readonly ignoreFailure: boolean;
  /** Runs as root, whatever the service's user is (`+` and `!`). */
  readonly asRoot: boolean;
}

/** A directory that is made at each boot where it is missing. */
export interface ServiceDirectory {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Names, or numbers as text. */
  readonly owner: string;
  readonly group: string;
}

/** How the application runs: from a package's unit or from the spec's command, the same for every init. */
export interface Service {
  readonly name: string;
  /** `simple` also stands for exec, notify and dbus: nobody waits for their readiness. */
  readonly type: 'simple' | 'notify' | 'forking' | 'oneshot';
  readonly pidFile?: string;
  readonly remainAfterExit: boolean;
  readonly user: string;
  readonly group?: string;
  /** Groups that the user is in besides its own. */
  readonly moreGroups?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly umask?: string;
  /** `ulimit` letters and values, such as `n: 65535`. */
  readonly limits: Readonly<Record<string, string>>;
  readonly noNewPrivileges: boolean;
  /** Sysctl values that stand in for a capability. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly directories: readonly ServiceDirectory[];
  readonly before: readonly ServiceCommand[];
  readonly main: readonly ServiceCommand[];
  readonly after: readonly ServiceCommand[];
  readonly stop: readonly ServiceCommand[];
  /** Signal name without SIG. */
  readonly stopSignal: string;
  /** Whom the signal goes to (systemd.kill(5), KillMode): all of the service's processes, the main one, or none. */
  readonly killMode: 'control-group' | 'mixed' | 'process' | 'none';
  readonly stopSeconds: number;
}

/** Search path of services, as systemd has it (systemd.exec(5)). */
export const SERVICE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';

/** Stand in a command or a variable for what only the machine knows (`%H` and `%m` of systemd.unit(5)). */
export const HOST_NAME = '\u0001H';
export const MACHINE_ID = '\u0001m';
