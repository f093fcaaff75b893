import { splitUnitWords, type UnitEntry, unitValues } from '../../formats/system/unit.ts';

/** Settings without which a service does not work, and that the small init cannot carry out. */
const ONLY_BY_MANAGER: readonly (readonly [key: string, value: RegExp])[] = [
  ['StandardInput', /^socket$/],
  ['Type', /^dbus$/],
  ['DynamicUser', /^(1|yes|true|on)$/],
  ['AmbientCapabilities', /\bCAP_(?!NET_BIND_SERVICE\b)/],
];

/** What a unit asks of its init that only systemd does, each as `Setting=value`: a socket handed over, other services, and the like. */
export function asksForManager(entries: readonly UnitEntry[], name: string): string[] {
  const required = ['Requires', 'BindsTo', 'Requisite'].flatMap((key) =>
    unitValues(entries, 'Unit', key).flatMap(({ value }) =>
      splitUnitWords(value)
        .filter((it) => /\.(socket|service)$/.test(it) && it !== name)
        .map((it) => `${key}=${it}`),
    ),
  );
  const stated = ONLY_BY_MANAGER.flatMap(([key, pattern]) =>
    unitValues(entries, 'Service', key)
      .filter(({ value }) => pattern.test(value))
      .map(({ value }) => `${key}=${value}`),
  );
  return [...required, ...stated];
}

/** Whether `Setting=value` is one of these. */
export function isOnlyByManager(setting: string): boolean {
  if (/^(Requires|BindsTo|Requisite)=/.test(setting)) return true;
  const [, key, value] = /^(\w+)=(.*)$/.exec(setting) ?? [];
  return ONLY_BY_MANAGER.some(([name, pattern]) => name === key && pattern.test(value!));
}
