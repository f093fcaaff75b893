import type { ImageSpec } from '../../model/spec.ts';

/** Program that each init is started as, from the root file system. */
export const initProgram = { busybox: '/usr/lib/kiln/init', systemd: '/usr/lib/systemd/systemd' } as const;

/**
 * The kernel's command line. `quiet` is not for beauty: each character on an emulated serial port costs time, and the
 * kernel's errors are shown all the same. `no_timer_check`: on an emulated machine that gets little time, the check
 * of the timer interrupt fails by chance, and the kernel panics; under a hypervisor it is left out anyway. The interfaces keep the kernel's names under both inits.
 */
export function kernelCommandLine(boot: ImageSpec['boot'], rootUuid: string): string {
  return [
    `root=UUID=${rootUuid}`,
    'rw',
    'console=tty0',
    'console=ttyS0,115200',
    'quiet',
    'panic=10',
    'no_timer_check',
    'net.ifnames=0',
    `init=${initProgram[boot.init]}`,
    ...(boot.init === 'systemd' ? ['systemd.show_status=no'] : []),
    ...boot.commandLine,
  ].join(' ');
}
