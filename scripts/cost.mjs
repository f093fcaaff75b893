// `node scripts/cost.mjs`: writes the tables of docs/cost.md from docs/cost-inputs.json, which may be changed first.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const INPUTS = new URL('../docs/cost-inputs.json', import.meta.url);
const PAGE = new URL('../docs/cost.md', import.meta.url);
const BEGIN = (name) => `<!-- ${name} -->`;
const END = '<!-- end -->';

/** Two significant digits, without an exponent. */
const money = (value) => (value === 0 ? '0' : String(Number(value.toPrecision(2))));

function table(rows) {
  const lines = rows.map(({ what, unit, price, amount }) => {
    return `| ${what} | ${price} per ${unit} | ${amount} | ${money(price * amount)} |`;
  });
  const total = rows.reduce((sum, { price, amount }) => sum + price * amount, 0);
  return [
    '| | price | amount | cost |',
    '|---|---|---|---|',
    ...lines,
    `| **together** | | | **${money(total)}** |`,
  ].join('\n');
}

/** The page with every table, between its two marks, made anew from the inputs. */
export function withTables(page, inputs) {
  return Object.entries(inputs).reduce((text, [name, rows]) => {
    const start = text.indexOf(BEGIN(name));
    if (!Array.isArray(rows) || start < 0) return text;
    const end = text.indexOf(END, start);
    return `${text.slice(0, start + BEGIN(name).length)}\n${table(rows)}\n${text.slice(end)}`;
  }, page);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = withTables(readFileSync(PAGE, 'utf8'), JSON.parse(readFileSync(INPUTS, 'utf8')));
  writeFileSync(PAGE, page);
}
