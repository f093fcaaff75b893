/** Runs commands in a root of their own, cut off from the host (DESIGN: own namespaces, pivot_root, few capabilities). */
export interface IsolatedRoot {
  /**
   * Runs `argv` with `root` as `/`. Binds appear inside at `target` (made if missing), read-only unless said.
   * Everything that it started has ended when this returns, also when this process is killed.
   */
  run(root: string, argv: readonly string[], options?: IsolatedRunOptions): Promise<IsolatedRunResult>;
}

export interface IsolatedRunOptions {
  readonly binds?: readonly { source: string; target: string; writable?: boolean }[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  /** Each line of output as it comes. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface IsolatedRunResult {
  readonly exitStatus: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}
