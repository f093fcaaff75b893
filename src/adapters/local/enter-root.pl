#!/usr/bin/perl
# Last step into an isolated root: runs as the first process of new mount, pid, ipc, uts, net and cgroup
# namespaces, makes a folder `/`, starts the command without the powers it must not have, waits for it, and takes
# all that it left running along when it ends. Needs perl-base alone, which every Debian has.
#
#     enter-root.pl ROOT WORKING-DIRECTORY HOST-NAME N (WRITABLE SOURCE TARGET){N} COMMAND ARGUMENT...
#
# Errors go to file descriptor 3; `ready` there means that the command itself was started.
#
# The old root is detached before anything is mounted or made in the new one, so no path, and no symbolic link that
# somebody planted there, can lead out. What must come from outside is cloned as a detached mount first (open_tree).
use strict;
use warnings;

my ($root, $workingDirectory, $hostName, $bindCount, @rest) = @ARGV;
my @binds = map { my ($writable, $source, $target) = splice @rest, 0, 3; { writable => $writable, source => $source, target => $target } } 1 .. $bindCount;
my @command = @rest;

open my $status, '>&=', 3 or die "no descriptor 3: $!";
fcntl $status, 2, 1;    # F_SETFD, FD_CLOEXEC

sub fail { my ($what) = @_; syswrite $status, "$what\n"; exit 125 }

# x86_64's numbers; the caller refuses other machines.
my %CALL = (
    mount => 165, umount2 => 166, pivot_root => 155, sethostname => 170, prctl => 157, seccomp => 317,
    open_tree => 428, move_mount => 429, close_range => 436, mount_setattr => 442,
);

sub call {
    my ($what, $name, @arguments) = @_;
    my $result = syscall($CALL{$name}, @arguments);
    fail("$what: $!") if $result == -1;
    return $result;
}

use constant {
    AT_FDCWD => -100, AT_EMPTY_PATH => 0x1000, AT_RECURSIVE => 0x8000,
    OPEN_TREE_CLONE => 1, OPEN_TREE_CLOEXEC => 0x80000, MOVE_MOUNT_F_EMPTY_PATH => 4,
    ATTR_RDONLY => 1, ATTR_NOSUID => 2, ATTR_NODEV => 4, ATTR_NOEXEC => 8,
    MS_RDONLY => 1, MS_NOSUID => 2, MS_NODEV => 4, MS_NOEXEC => 8, MS_REMOUNT => 32, MS_BIND => 4096,
    MNT_DETACH => 2,
};

# A mount of its own of what is at a path, attached nowhere yet.
sub detached {
    my ($path, $set, $clear, $recursive) = @_;
    my $flags = $recursive ? AT_RECURSIVE : 0;
    my $tree = call("open $path", 'open_tree', AT_FDCWD, $path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | $flags);
    my $attributes = pack 'Q4', $set, $clear, 0, 0;
    call("restrict $path", 'mount_setattr', $tree, "\0", AT_EMPTY_PATH | $flags, $attributes, 32);
    return $tree;
}

sub attach {
    my ($tree, $target) = @_;
    call("mount on $target", 'move_mount', $tree, "\0", AT_FDCWD, $target, MOVE_MOUNT_F_EMPTY_PATH);
}

sub mountNew {
    my ($type, $target, $flags, $data) = @_;
    call("mount $type on $target", 'mount', $type, $target, $type, $flags, $data);
}

sub makeFolder {
    my ($path) = @_;
    my $made = '';
    for my $part (grep { length } split m{/}, $path) {
        $made .= "/$part";
        mkdir $made, 0755 or -d $made or fail("make folder $made: $!");
    }
}

sub makeFile {
    my ($path) = @_;
    return if -e $path;
    makeFolder($path =~ s{/[^/]*$}{}r);
    open my $file, '>', $path or fail("make file $path: $!");
    close $file;
}

umask 0022;
my @devices = qw(null zero full random urandom tty);
# Read-only: devices can be written to all the same, but not given another mode, which the host would see.
my %device = map { $_ => detached("/dev/$_", ATTR_RDONLY | ATTR_NOSUID | ATTR_NOEXEC, 0, 0) } @devices;
for my $bind (@binds) {
    $bind->{folder} = -d $bind->{source};
    my ($set, $clear) = $bind->{writable} ? (ATTR_NOSUID | ATTR_NODEV, ATTR_RDONLY) : (ATTR_NOSUID | ATTR_NODEV | ATTR_RDONLY, 0);
    $bind->{tree} = detached($bind->{source}, $set, $clear, 1);
}
my $newRoot = detached($root, ATTR_NODEV, ATTR_RDONLY | ATTR_NOEXEC | ATTR_NOSUID, 0);

# This first process stays a program of the host's: nothing inside may look into it, and if it could, not write.
call('hide the first process', 'prctl', 4, 0, 0, 0, 0);    # PR_SET_DUMPABLE
call('protect the old root', 'mount_setattr', AT_FDCWD, '/', AT_RECURSIVE, pack('Q4', ATTR_RDONLY, 0, 0, 0), 32);

attach($newRoot, $root);
chdir $root or fail("enter $root: $!");
call('pivot_root', 'pivot_root', '.', '.');
call('detach the old root', 'umount2', '.', MNT_DETACH);
chdir '/' or fail("enter the new root: $!");
call('set host name', 'sethostname', $hostName, length $hostName);

# A loopback of its own, which every machine has: scripts look for an interface that is up, or ask a server that they start.
socket my $interfaces, 2, 2, 0 or fail("open a socket: $!");                              # AF_INET, SOCK_DGRAM
my $up = pack 'a16 s x22', 'lo', 1;                                                         # struct ifreq, IFF_UP
ioctl $interfaces, 0x8914, $up or fail("set up the loopback: $!");                          # SIOCSIFFLAGS
close $interfaces;

# A link in place of one of these folders would only lead elsewhere inside the root; still, refuse it.
for my $folder (qw(/proc /dev)) {
    fail("$folder of the root is a symbolic link") if -l $folder;
    makeFolder($folder);
}
mountNew('proc', '/proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, '');
mountNew('tmpfs', '/dev', MS_NOSUID | MS_NOEXEC, 'mode=0755,size=1m');
for my $name (@devices) {
    makeFile("/dev/$name");
    attach($device{$name}, "/dev/$name");
}
mkdir '/dev/pts', 0755;
mountNew('devpts', '/dev/pts', MS_NOSUID | MS_NOEXEC, 'newinstance,ptmxmode=0666,mode=0620,gid=5');
symlink 'pts/ptmx', '/dev/ptmx';
mkdir '/dev/shm', 01777;
mountNew('tmpfs', '/dev/shm', MS_NOSUID | MS_NODEV | MS_NOEXEC, 'mode=1777');
symlink "/proc/self/fd$$_[1]", "/dev/$$_[0]" for [ 'fd', '' ], [ 'stdin', '/0' ], [ 'stdout', '/1' ], [ 'stderr', '/2' ];

# As container engines do: what /proc lets root change or see of the whole machine.
for my $path (grep { -e } map { "/proc/$_" } qw(bus fs irq sys sysrq-trigger mtrr)) {
    call("bind $path", 'mount', $path, $path, 'none', MS_BIND, 0);
    call("protect $path", 'mount', $path, $path, 'none', MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
}
for my $path (grep { -e } map { "/proc/$_" } qw(acpi asound driver interrupts kallsyms kcore keys kmsg kpagecount kpageflags kpagecgroup key-users latency_stats sched_debug scsi timer_list timer_stats vmcore)) {
    if (-d $path) { mountNew('tmpfs', $path, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 'size=0') }
    else { call("mask $path", 'mount', '/dev/null', $path, 'none', MS_BIND, 0) }
}

for my $bind (@binds) {
    $bind->{folder} ? makeFolder($bind->{target}) : makeFile($bind->{target});
    attach($bind->{tree}, $bind->{target});
}

# Whatever else the caller's caller had open.
call('close descriptors', 'close_range', 4, 0xffffffff, 0);
my $child = fork // fail("fork: $!");
if ($child) {
    $0 = "init";
    close $status;
    # The first process of a pid namespace inherits all orphans.
    1 until wait == $child;
    exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
}

chdir $workingDirectory or fail("enter $workingDirectory: $!");

# Kept: what unpacking and configuring need of root's powers over files and users in this root.
my @KEPT = (0, 1, 3, 4, 5, 6, 7, 10, 31);    # chown dac_override fowner fsetid kill setgid setuid net_bind_service setfcap
my $mask = 0;
$mask |= 1 << $_ for @KEPT;
for my $capability (0 .. 63) {
    next if $mask >> $capability & 1;
    my $present = syscall($CALL{prctl}, 23, $capability, 0, 0, 0);    # PR_CAPBSET_READ
    last if $present == -1;
    call('drop a capability', 'prctl', 24, $capability, 0, 0, 0) if $present;
}

# System calls that no namespace or capability covers: user namespaces would give a full set of capabilities back,
# other address families (vsock) reach past the network namespace, keys and BPF are the whole machine's. Syncs succeed
# at once: the root is thrown away when the machine stops, and whoever keeps a result makes it durable.
sub errno { 0x00050000 | $_[0] }
use constant { ALLOW => 0x7fff0000, EPERM => 1, ENOSYS => 38, EAFNOSUPPORT => 97, CLONE_NEWUSER => 0x10000000 };
sub instruction { pack 'SCCL', @_ }
sub load  { instruction(0x20, 0, 0, $_[0]) }
sub equal { instruction(0x15, $_[1], $_[2], $_[0]) }
sub give  { instruction(0x06, 0, 0, $_[0]) }

my @forbidden = (
    246, 320,                      # kexec_load, kexec_file_load
    175, 313, 176,                 # init_module, finit_module, delete_module
    248, 249, 250,                 # add_key, request_key, keyctl
    321, 298, 323,                 # bpf, perf_event_open, userfaultfd
    304, 308,                      # open_by_handle_at, setns
    425, 426, 427,                 # io_uring
    101, 310, 311,                 # ptrace, process_vm_readv, process_vm_writev
    103, 167, 168, 169, 172, 173,  # syslog, swapon, swapoff, reboot, iopl, ioperm
);
my @syncs = (74, 75, 162, 277, 306, 26);    # fsync, fdatasync, sync, sync_file_range, syncfs, msync
my $filter = '';
$filter .= load(4) . equal(0xC000003E, 1, 0) . give(errno(ENOSYS));    # AUDIT_ARCH_X86_64 alone
$filter .= load(0) . instruction(0x35, 0, 1, 0x40000000) . give(errno(ENOSYS));    # x32
$filter .= equal($_, 0, 1) . give(errno(EPERM)) for @forbidden;
$filter .= equal($_, 0, 1) . give(errno(0)) for @syncs;
$filter .= equal(435, 0, 1) . give(errno(ENOSYS));    # clone3: its flags are out of a filter's reach, libc falls back
for my $number (56, 272) {                            # clone, unshare
    $filter .= equal($number, 0, 4) . load(16) . instruction(0x45, 0, 1, CLONE_NEWUSER) . give(errno(EPERM)) . give(ALLOW);
}
# socket: unix, inet, netlink, inet6
$filter .= equal(41, 0, 7) . load(16) . equal(1, 3, 0) . equal(2, 2, 0) . equal(16, 1, 0) . equal(10, 0, 1) . give(ALLOW) . give(errno(EAFNOSUPPORT));
$filter .= give(ALLOW);
my $program = pack 'SxxxxxxP', length($filter) / 8, $filter;
call('install the system call filter', 'seccomp', 1, 0, $program);

# What was dropped from the bounding set is gone with the command's exec.
syswrite $status, "ready\n";
exec { $command[0] } @command or do {
    my $number = $! + 0;
    syswrite STDERR, "$command[0]: $!\n";
    exit($number == 2 ? 127 : 126);
};
