import { spawnSync } from 'node:child_process';
import { walkFolder } from './walk-folder.ts';

/** x86_64's lgetxattr(2), which Node does not offer; perl-base is on every Debian. */
const PROGRAM = `
  local $/ = "\\0";
  while (my $path = <STDIN>) {
    chomp $path;
    my ($file, $name, $value) = ("$ARGV[0]$path\\0", "security.capability\\0", "\\0" x 64);
    my $length = syscall(192, $file, $name, $value, 64);
    print "$path\\0", unpack("H*", substr $value, 0, $length), "\\0" if $length > 0;
  }`;

const NAME = 'security.capability';

/** File capabilities (capabilities(7)) of a root's programs, in the form in which the tar writer takes extended attributes. */
export function fileCapabilities(root: string): Map<string, Map<string, Buffer>> {
  const programs = walkFolder(root).filter(({ stats }) => stats.isFile() && (stats.mode & 0o111) !== 0);
  const input = programs.map(({ path }) => `${path}\0`).join('');
  const { status, stdout, stderr } = spawnSync('perl', ['-e', PROGRAM, root], { input, maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`internal: reading extended attributes failed: ${stderr}`);
  const fields = stdout.toString('utf8').split('\0').slice(0, -1);
  const found = new Map<string, Map<string, Buffer>>();
  for (let at = 0; at < fields.length; at += 2) {
    found.set(fields[at]!, new Map([[NAME, Buffer.from(fields[at + 1]!, 'hex')]]));
  }
  return found;
}
