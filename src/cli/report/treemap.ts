import { hierarchy, treemap } from 'd3-hierarchy';
import { formatBytes } from '../style.ts';
import { type Html, html } from './html.ts';

/** One rectangle: its area is its bytes. */
export interface Cell {
  readonly label: string;
  readonly bytes: number;
  /** A class of the page's style. */
  readonly kind: string;
  /** What a pointer shows. */
  readonly detail: string;
}

interface Node {
  readonly cell?: Cell;
  readonly children?: readonly Node[];
}

const WIDTH = 960;
const HEIGHT = 420;
/** Width of a letter of the labels, in units of the drawing. */
const LETTER = 6.4;
/** Letters of a name below which it says nothing. */
const SHORTEST = 6;
const LINE = 15;

/** A squarified treemap as SVG. */
export function drawTreemap(cells: readonly Cell[]): Html {
  const root = hierarchy<Node>({ children: cells.map((cell) => ({ cell })) }, (it) => it.children)
    .sum((it) => it.cell?.bytes ?? 0)
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const leaves = treemap<Node>().size([WIDTH, HEIGHT]).paddingInner(2).round(true)(root).leaves();
  const drawn = leaves.flatMap(({ data, x0, y0, x1, y1 }) => (data.cell ? [draw(data.cell, { x0, y0, x1, y1 })] : []));
  return html`<svg class="treemap" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="what takes the space">${drawn}</svg>`;
}

interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

function draw({ label, bytes, kind, detail }: Cell, { x0, y0, x1, y1 }: Box): Html {
  const [width, height] = [x1 - x0, y1 - y0];
  const room = Math.floor((width - 8) / LETTER);
  const fits = (text: string | undefined, line: number) =>
    text !== undefined && text.length <= room && height > line * LINE + 4;
  const name = shortened(label, room);
  const size = formatBytes(bytes);
  return html`<g><title>${label}, ${size}${'\n'}${detail}</title>
<rect class="${kind}" x="${x0}" y="${y0}" width="${width}" height="${height}"/>
${fits(name, 1) ? html`<text x="${x0 + 5}" y="${y0 + LINE}">${name}</text>` : undefined}
${fits(name, 2) && fits(size, 2) ? html`<text class="dim" x="${x0 + 5}" y="${y0 + 2 * LINE}">${size}</text>` : undefined}</g>
`;
}

function shortened(text: string, room: number): string | undefined {
  if (text.length <= room) return text;
  return room < SHORTEST ? undefined : `${text.slice(0, room - 1)}…`;
}
