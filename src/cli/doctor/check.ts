/** What a look at one side of this machine found. */
export interface HostFinding {
  readonly name: string;
  /** `missing`: Kiln does not work without it; `warning`: it works worse. */
  readonly state: 'ok' | 'warning' | 'missing';
  /** What is there, or what is not. */
  readonly found: string;
  /** What to do about it. */
  readonly mend?: string;
}

/** One look at the machine. It finds; it does not throw for what it finds. */
export type HostCheck = (host: { home: string }) => Promise<HostFinding> | HostFinding;
