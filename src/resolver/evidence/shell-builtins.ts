/** Commands that dash runs itself (dash(1), 'Builtins'; POSIX.1-2017). */
const POSIX =
  '. : [ alias bg break cd chdir command continue echo eval exec exit export false fg getopts hash jobs kill local printf pwd read readonly return set shift test times trap true type ulimit umask unalias unset wait';
/** What bash adds (bash(1), 'Shell Builtin Commands'). */
const BASH =
  '[[ bind builtin caller compgen complete compopt declare dirs disown enable fc help history let logout mapfile popd pushd readarray shopt source suspend typeset';

const builtins = {
  sh: new Set(POSIX.split(' ')),
  bash: new Set(`${POSIX} ${BASH}`.split(' ')),
};

/** Whether a shell (by name) runs the command itself, so that no file is needed. */
export function isBuiltin(shell: string, command: string): boolean {
  return (shell === 'bash' ? builtins.bash : builtins.sh).has(command);
}
