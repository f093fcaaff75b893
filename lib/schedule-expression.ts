/** A field of a cron expression: its name, what numbers it takes, and what else. */
interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Names that stand for numbers, from `least` on. */
  readonly names?: string;
  /** Takes `?`, and letters of its own. */
  readonly further?: RegExp;
}

const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC';
const DAYS = 'SUN MON TUE WED THU FRI SAT';

const FIELDS: readonly Field[] = [
  { name: 'minutes', least: 0, most: 59 },
  { name: 'hours', least: 0, most: 23 },
  { name: 'day-of-month', least: 1, most: 31, further: /^(\?|L|LW|\d{1,2}W)$/ },
  { name: 'month', least: 1, most: 12, names: MONTHS },
  { name: 'day-of-week', least: 1, most: 7, names: DAYS, further: /^(\?|L|[1-7]L|([1-7]|[A-Z]{3})#[1-5])$/ },
  { name: 'year', least: 1970, most: 2199 },
];

/** What is wrong with a cron expression of EventBridge Scheduler (six fields, in UTC or a time zone); undefined where nothing is. */
export function faultOfCron(expression: string): string | undefined {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) return 'six fields as EventBridge Scheduler has them, such as "0 3 * * ? *"';
  for (const [index, field] of FIELDS.entries()) {
    const part = (fields[index] ?? '')
      .toUpperCase()
      .split(',')
      .find((it) => !isPart(it, field));
    if (part !== undefined) return `${field.name} takes ${field.least} to ${field.most}, not "${part}"`;
  }
  const open = [fields[2], fields[4]].filter((it) => it === '?').length;
  return open === 1 ? undefined : 'exactly one of day-of-month and day-of-week is "?", as in "0 3 * * ? *"';
}

/** `*`, a number, a range, or one of these with a step. */
function isPart(part: string, field: Field): boolean {
  if (field.further?.test(part)) return true;
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0 || (step !== undefined && !/^[1-9]\d*$/.test(step))) return false;
  if (range === '*') return true;
  const ends = range.split('-');
  return ends.length <= 2 && ends.every((it) => isNumber(it, field));
}

function isNumber(text: string, { least, most, names }: Field): boolean {
  if (names?.split(' ').includes(text)) return true;
  return /^\d{1,4}$/.test(text) && Number(text) >= least && Number(text) <= most;
}
