/** Services of each database of `nsswitch.conf` (nsswitch.conf(5)); actions in brackets are left out. */
export function parseNameServiceSwitch(text: string): { database: string; services: string[]; line: number }[] {
  return text.split('\n').flatMap((raw, index) => {
    const match = /^\s*([a-z_]+):\s*(.*)$/.exec(raw.replace(/#.*/, ''));
    if (!match) return [];
    return [
      {
        database: match[1]!,
        services: match[2]!
          .replace(/\[[^\]]*\]/g, ' ')
          .split(/\s+/)
          .filter(Boolean),
        line: index + 1,
      },
    ];
  });
}
