const NAMES = [
  'chown',
  'dac_override',
  'dac_read_search',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'linux_immutable',
  'net_bind_service',
  'net_broadcast',
  'net_admin',
  'net_raw',
  'ipc_lock',
  'ipc_owner',
  'sys_module',
  'sys_rawio',
  'sys_chroot',
  'sys_ptrace',
  'sys_pacct',
  'sys_admin',
  'sys_boot',
  'sys_nice',
  'sys_resource',
  'sys_time',
  'sys_tty_config',
  'mknod',
  'lease',
  'audit_write',
  'audit_control',
  'setfcap',
  'mac_override',
  'mac_admin',
  'syslog',
  'wake_alarm',
  'block_suspend',
  'audit_read',
  'perfmon',
  'bpf',
  'checkpoint_restore',
];

/** Permitted file capabilities in a `security.capability` attribute (capabilities(7)), such as `cap_net_raw`; [] for none. */
export function readCapabilities(attribute: Buffer | undefined): string[] {
  if (!attribute || attribute.length < 12) return [];
  const low = BigInt(attribute.readUInt32LE(4));
  const high = attribute.length >= 20 ? BigInt(attribute.readUInt32LE(12)) : 0n;
  const permitted = low | (high << 32n);
  return NAMES.filter((_, bit) => (permitted >> BigInt(bit)) & 1n).map((name) => `cap_${name}`);
}
