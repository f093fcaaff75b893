/** Folders on the machine that a step runs on. */
export interface Folders {
  /** What can be fetched or made again. */
  readonly cache: string;
  /** An empty folder for one piece of work, this process's alone; what an earlier one of that name left is removed. */
  claim(name: string): string;
  /** Removes the work folders whose processes have ended, and gives their names. */
  sweep(): string[];
}
