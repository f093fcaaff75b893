/** Markup that is safe to put into a page as it is. */
export interface Html {
  readonly markup: string;
}

type Value = Html | string | number | undefined | readonly (Html | string)[];

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A template whose values are escaped unless they are `Html` themselves; a list is joined, undefined is nothing. */
export function html(texts: TemplateStringsArray, ...values: Value[]): Html {
  return { markup: texts.map((text, index) => text + render(values[index])).join('') };
}

function render(value: Value): string {
  if (value === undefined) return '';
  if (typeof value === 'object') return 'markup' in value ? value.markup : value.map(render).join('');
  return String(value).replace(/[&<>"']/g, (it) => ENTITIES[it]!);
}

/** A table; columns whose heading ends in `>` are numbers. */
export function tableOf(headings: readonly string[], rows: readonly (readonly (Html | string)[])[]): Html {
  const right = headings.map((it) => (it.endsWith('>') ? html` class="number"` : undefined));
  const cell = (it: Html | string, column: number) => html`<td${right[column]}>${it}</td>`;
  return html`<table><thead><tr>${headings.map((it, column) => html`<th${right[column]}>${it.replace(/>$/, '')}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table>`;
}
