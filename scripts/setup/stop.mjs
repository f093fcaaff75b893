/** The set-up cannot go on; `todo` are lines that say what to do. 78: configuration (sysexits.h). */
export class Stop extends Error {
  constructor(message, todo, exitStatus = 78) {
    super(message);
    this.todo = todo;
    this.exitStatus = exitStatus;
  }
}
